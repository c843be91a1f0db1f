	movq	WORLD(%rdi), %rsi
	movq	WORLD(%rdi), %rax
	shlq	$7, %rax
	addq	%rsi, %rax
	movaps	%xmm0, %xmm1
	shufps	$0, %xmm0, %xmm1
	jmp	.L2
.L1:
	movq	%rcx, %rsi
	cmpq	%rax, %rcx
	je	.L7
.L2:
	leaq	128(%rsi), %rcx
	testb	$4, (%rsi)
	je	.L1
	movq	32(%rsi), %rdx
	testq	%rdx, %rdx
	je	.L1
	movq	40(%rsi), %rsi
	movq	16(%rsi), %rsi
	cmpq	$8, %rdx
	jae	.L3
	xorl	%edi, %edi
	jmp	.L6
.L3:
	movq	%rdx, %rdi
	andq	$-8, %rdi
	xorl	%r8d, %r8d
.L4:
	movups	(%rsi,%r8,4), %xmm2
	movups	16(%rsi,%r8,4), %xmm3
	mulps	%xmm1, %xmm2
	mulps	%xmm1, %xmm3
	movups	%xmm2, (%rsi,%r8,4)
	movups	%xmm3, 16(%rsi,%r8,4)
	addq	$8, %r8
	cmpq	%r8, %rdi
	jne	.L4
.L5:
	cmpq	%rdi, %rdx
	je	.L1
.L6:
	movss	(%rsi,%rdi,4), %xmm2
	mulss	%xmm0, %xmm2
	movss	%xmm2, (%rsi,%rdi,4)
	incq	%rdi
	jmp	.L5
.L7:
	retq
