"""Sources that compile faster than the kernel's."""

from model.kernel.sources import KernelSources

C = b"""
#include "small.h"
struct many { float of[3000]; };
void kmd_copy(struct many *to, const struct many *from) { *to = *from; }
const char *kmd_sources(void) { return KMD_SOURCES; }
"""
SMALL = KernelSources({"small.c": C, "small.h": b"const char *kmd_sources(void);\n"})
EDITED = KernelSources({**SMALL.files, "small.c": C.replace(b"3000", b"3001")})
