#include "kernel.h"

#ifndef KMD_SOURCES
#error "compile with -DKMD_SOURCES=\"sha256 of the sources\", see model/kernel/library.py"
#endif

const char *kmd_sources(void) { return KMD_SOURCES; }
