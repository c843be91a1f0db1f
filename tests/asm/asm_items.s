	movq	WORLD(%rdi), %rdx
	movq	WORLD(%rdi), %rax
	shlq	$7, %rax
	addq	%rdx, %rax
	jmp	.L4
.L1:
	xorl	%r8d, %r8d
.L2:
	shlq	$2, %r8
	leaq	(%r8,%r8,2), %rdi
	movss	8(%rsi,%rdi), %xmm0
	movsd	(%rsi,%rdi), %xmm1
	movsd	(%rdx,%rdi), %xmm2
	addps	%xmm1, %xmm2
	movlps	%xmm2, (%rdx,%rdi)
	addss	8(%rdx,%rdi), %xmm0
	movss	%xmm0, 8(%rdx,%rdi)
.L3:
	movq	%rcx, %rdx
	cmpq	%rax, %rcx
	je	.L6
.L4:
	leaq	128(%rdx), %rcx
	movl	(%rdx), %esi
	notl	%esi
	testb	$3, %sil
	jne	.L3
	movq	32(%rdx), %rdi
	testq	%rdi, %rdi
	je	.L3
	movq	40(%rdx), %rsi
	movq	(%rsi), %rdx
	movq	8(%rsi), %rsi
	cmpq	$1, %rdi
	je	.L1
	movq	%rdi, %r9
	andq	$-2, %r9
	movl	$20, %r10d
	xorl	%r8d, %r8d
.L5:
	movss	-12(%rsi,%r10), %xmm0
	movsd	-20(%rsi,%r10), %xmm1
	movsd	-20(%rdx,%r10), %xmm2
	addps	%xmm1, %xmm2
	movsd	-8(%rdx,%r10), %xmm1
	movlps	%xmm2, -20(%rdx,%r10)
	addss	-12(%rdx,%r10), %xmm0
	movss	%xmm0, -12(%rdx,%r10)
	movss	(%rsi,%r10), %xmm0
	movsd	-8(%rsi,%r10), %xmm2
	addps	%xmm1, %xmm2
	movlps	%xmm2, -8(%rdx,%r10)
	addss	(%rdx,%r10), %xmm0
	addq	$2, %r8
	movss	%xmm0, (%rdx,%r10)
	addq	$24, %r10
	cmpq	%r8, %r9
	jne	.L5
	testb	$1, %dil
	jne	.L2
	jmp	.L3
.L6:
	retq
