/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * SPO_KERNEL before a static function: also compiled for the wider vector units, the best chosen at
 * load time. Sanitizers and older compilers get the plain version. Static only: gcc exports the
 * clones of others whatever their visibility. */
#ifndef SPO_BASE_SIMD_H
#define SPO_BASE_SIMD_H

#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && !defined(__clang__) &&       \
    __GNUC__ >= 12 && !defined(__SANITIZE_ADDRESS__) && !defined(SPO_NO_CLONES)
#define SPO_KERNEL __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define SPO_KERNEL
#endif

#endif
