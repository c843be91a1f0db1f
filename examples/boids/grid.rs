//! Who is near: the boids sorted into the cells of a grid, anew at each tick.

use static_ecs::prelude::*;

use crate::flock::VIEW;
use crate::sky::{Boid, Bounds, Position, Sky, Velocity};
use crate::vector::Vec2;

/// What others see of a boid.
#[derive(Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) position: Vec2,
    pub(crate) velocity: Vec2,
    pub(crate) entity: Entity,
}

/// A resource: cells as wide as a boid sees, row by row. Those of one cell lie together,
/// and so do those of cells side by side. Memory is kept from tick to tick.
#[derive(Resource)]
pub(crate) struct Grid {
    columns: usize,
    rows: usize,
    /// Where the boids of each cell begin, and at last where all end.
    starts: Vec<u32>,
    boids: Vec<Seen>,
}

impl Grid {
    pub(crate) fn new(Bounds(corner): Bounds) -> Self {
        let [columns, rows] = [corner.x, corner.y].map(|length| (length / VIEW) as usize + 1);
        Self { columns, rows, starts: vec![0; columns * rows + 1], boids: Vec::new() }
    }

    fn column_and_row(&self, at: Vec2) -> (usize, usize) {
        let cell = |along: f32, last: usize| ((along / VIEW) as usize).min(last);
        (cell(at.x, self.columns - 1), cell(at.y, self.rows - 1))
    }

    fn cell(&self, at: Vec2) -> usize {
        let (column, row) = self.column_and_row(at);
        row * self.columns + column
    }

    /// The boids that may be up to [`VIEW`] away, in up to three slices: the cell of `at`
    /// and the eight around it.
    pub(crate) fn around(&self, at: Vec2) -> impl Iterator<Item = &[Seen]> {
        let (column, row) = self.column_and_row(at);
        let (left, right) = (column.saturating_sub(1), (column + 1).min(self.columns - 1));
        (row.saturating_sub(1)..=(row + 1).min(self.rows - 1)).map(move |row| {
            let row = row * self.columns;
            let (start, end) = (self.starts[row + left], self.starts[row + right + 1]);
            &self.boids[start as usize..end as usize]
        })
    }
}

/// Sorts the boids into the grid by counting: how many in each cell, where each cell ends,
/// and then each boid to the last free place of its cell.
pub(crate) fn sort(
    boids: Query<Sky, (Entity, &Position, &Velocity), With<Boid>>,
    mut grid: ResMut<Grid>,
) {
    let grid = &mut *grid;
    grid.starts.fill(0);
    let mut any = None;
    let mut count = 0;
    boids.iter().for_each(|(entity, position, velocity)| {
        any = Some(Seen { position: position.0, velocity: velocity.0, entity });
        let cell = grid.cell(position.0);
        grid.starts[cell] += 1;
        count += 1;
    });
    let mut end = 0;
    for start in &mut grid.starts {
        end += *start;
        *start = end;
    }
    let Some(any) = any else { return grid.boids.clear() };
    grid.boids.resize(count, any);
    boids.iter().for_each(|(entity, position, velocity)| {
        let cell = grid.cell(position.0);
        grid.starts[cell] -= 1;
        let place = grid.starts[cell] as usize;
        grid.boids[place] = Seen { position: position.0, velocity: velocity.0, entity };
    });
}
