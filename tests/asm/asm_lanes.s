	movq	WORLD(%rdi), %rcx
	movq	WORLD(%rdi), %rax
	shlq	$7, %rax
	addq	%rcx, %rax
	movabsq	$9223372036854775800, %rdx
	jmp	.L2
.L1:
	cmpq	%rax, %rcx
	je	.L10
.L2:
	movq	%rcx, %rsi
	addq	$128, %rcx
	movl	(%rsi), %edi
	notl	%edi
	testb	$3, %dil
	jne	.L1
	movq	32(%rsi), %r9
	testq	%r9, %r9
	je	.L1
	movq	40(%rsi), %rdi
	movq	(%rdi), %rsi
	movq	WORLD(%rdi), %rdi
	leaq	(%r9,%r9,2), %r8
	cmpq	$3, %r9
	jb	.L3
	shlq	$2, %r9
	leaq	(%r9,%r9,2), %r9
	leaq	(%rsi,%r9), %r10
	addq	%rdi, %r9
	cmpq	%r9, %rsi
	setb	%r9b
	cmpq	%r10, %rdi
	setb	%r10b
	testb	%r10b, %r9b
	je	.L8
.L3:
	xorl	%r9d, %r9d
.L4:
	movq	%r8, %r11
	movq	%r9, %r10
	andq	$3, %r11
	je	.L6
	movq	%r9, %r10
.L5:
	movss	(%rdi,%r10,4), %xmm0
	addss	(%rsi,%r10,4), %xmm0
	movss	%xmm0, (%rsi,%r10,4)
	incq	%r10
	decq	%r11
	jne	.L5
.L6:
	subq	%r8, %r9
	cmpq	$-4, %r9
	ja	.L1
.L7:
	movss	(%rdi,%r10,4), %xmm0
	addss	(%rsi,%r10,4), %xmm0
	movss	%xmm0, (%rsi,%r10,4)
	movss	4(%rdi,%r10,4), %xmm0
	addss	4(%rsi,%r10,4), %xmm0
	movss	%xmm0, 4(%rsi,%r10,4)
	movss	8(%rdi,%r10,4), %xmm0
	addss	8(%rsi,%r10,4), %xmm0
	movss	%xmm0, 8(%rsi,%r10,4)
	movss	12(%rdi,%r10,4), %xmm0
	addss	12(%rsi,%r10,4), %xmm0
	movss	%xmm0, 12(%rsi,%r10,4)
	addq	$4, %r10
	cmpq	%r10, %r8
	jne	.L7
	jmp	.L1
.L8:
	movq	%r8, %r9
	andq	%rdx, %r9
	xorl	%r10d, %r10d
.L9:
	movups	(%rdi,%r10,4), %xmm0
	movups	16(%rdi,%r10,4), %xmm1
	movups	(%rsi,%r10,4), %xmm2
	addps	%xmm0, %xmm2
	movups	16(%rsi,%r10,4), %xmm0
	addps	%xmm1, %xmm0
	movups	%xmm2, (%rsi,%r10,4)
	movups	%xmm0, 16(%rsi,%r10,4)
	addq	$8, %r10
	cmpq	%r10, %r9
	jne	.L9
	cmpq	%r9, %r8
	je	.L1
	jmp	.L4
.L10:
	retq
