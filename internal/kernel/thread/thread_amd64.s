//go:build !purego

#include "textflag.h"

// func controlWord() uint32
TEXT ·controlWord(SB), NOSPLIT, $0-4
	STMXCSR ret+0(FP)
	RET

// func setControlWord(word uint32)
TEXT ·setControlWord(SB), NOSPLIT, $0-4
	LDMXCSR word+0(FP)
	RET

// func Pause()
TEXT ·Pause(SB), NOSPLIT, $0-0
	PAUSE
	RET
