#!/usr/bin/python3
"""What libweir.so interposes: exactly hooks_list.h, and everything that this
machine's C and C++ libraries offer for allocating."""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cases import Cases  # noqa: E402
from harness import check  # noqa: E402

HOOKS_LIST = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../preload/hooks_list.h")

LIBRARIES = ["libc.so.6", "ld-linux-x86-64.so.2", "libstdc++.so.6"]

# A name that smells of memory.
ALLOCATION = re.compile(r"alloc|free|memalign|map|brk|shmat|shmdt|^_Zn[wa]|^_Zd[la]")

# What smells but is not hooked, and why.  Patterns match whole names.
EXCLUDED = [
    (r"__libc_(malloc|calloc|realloc|reallocarray|free|memalign|valloc|pvalloc)",
     "libc's names for itself, in no header; hooking them would show an allocator what it calls below malloc"),
    (r"__(malloc|free|realloc|memalign)_hook|__malloc_initialize_hook|obstack_alloc_failed_handler", "variables that libc calls, or called, through"),
    (r"__mmap|__munmap", "private to libc and its kin (GLIBC_PRIVATE)"),
    (r"brk|sbrk|__sbrk|__curbrk",
     "the end of the heap segment, which the collector sees in the maps; blocks in it are the allocator's business"),
    (r"shmat|shmdt", "memory shared with other processes, which outlives this one: mappings, seen in the maps"),
    (r"malloc_info|malloc_stats|malloc_trim", "changes or shows the allocator's state, no block"),
    (r"__libc_freeres|_ZN9__gnu_cxx9__freeresEv", "frees the library's own memory through free"),
    (r"_dl_(de)?allocate_tls(_init)?|_dl_exception_free", "the loader's, allocates through malloc"),
    (r"__cxa_(allocate|free)_(dependent_)?exception", "allocates through malloc"),
    (r"_ZN9__gnu_cxx17__pool_alloc_base.*|_ZN9__gnu_cxx9free_list.*", "pools on top of operator new"),
    (r"freeaddrinfo|freeifaddrs|(__)?freelocale|globfree(64)?|regfree|wordfree|xdr_free|if_freenameindex|"
     r"_?obstack_(free|allocated_p)|_IO_\w*doalloc\w*|_IO_free_w?backup_area|inet6_option_alloc|"
     r"__sched_cpu(alloc|free)", "takes or gives memory through malloc and free"),
    (r"__libc_(alloc_buffer_\w+|alloca_cutoff|allocate_once_slow|allocate_rtsig|scratch_buffer_dupfree)",
     "works in memory that the caller has, or through malloc"),
    (r"pkey_(alloc|free)", "protection keys, no memory"),
    (r"(posix_)?fallocate(64)?", "space in files"),
    (r"(str|wcs)pbrk|__strpbrk_\w+|re_compile_fastmap|_thread_db_\w+|pmap_\w+|xdr_pmap\w*", "no memory at all"),
    (r"remap_file_pages", "changes which part of a file a mapping shows, not the mapping"),
]


def dynamic_symbols(library):
    text = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True, text=True, check=True).stdout
    return {line.split()[-1].split("@")[0] for line in text.splitlines()}


def hooked():
    text = open(HOOKS_LIST, encoding="utf-8").read()
    return set(re.findall(r"X\((\w+), [A-Z_]+\)", text))


def library_of(weir):
    """libweir.so of the build that is tested."""
    return os.path.join(os.path.dirname(weir.path), "../preload/libweir.so")


def path_of(soname):
    """Where this machine's loader finds it: what a C++ program is linked with."""
    text = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=True).stdout
    for line in text.splitlines():
        if line.split(" ")[0].strip() == soname and "x86-64" in line:
            return line.split("=> ")[1].strip()
    return None


def excluded(name):
    return any(re.fullmatch(pattern, name) for pattern, reason in EXCLUDED)


CASES = Cases()


@CASES.add
def exports_are_the_list(weir):
    exported, listed = dynamic_symbols(library_of(weir)), hooked()
    check(exported == listed,
          f"exported but not listed: {sorted(exported - listed)}; listed but not exported: {sorted(listed - exported)}")


@CASES.add
def needs_libc_only(weir):
    text = subprocess.run(["readelf", "-dW", library_of(weir)], capture_output=True, text=True, check=True).stdout
    needed = set(re.findall(r"\(NEEDED\).*\[(.*)\]", text))
    check(needed <= {"libc.so.6", "ld-linux-x86-64.so.2"}, f"libweir.so needs {sorted(needed)}")
    check("INITFIRST" in text and "NOW" in text, "libweir.so is not marked to be initialised first and bound at once")


@CASES.add
def thread_local_storage_is_small(weir):
    text = subprocess.run(["readelf", "-lW", library_of(weir)], capture_output=True, text=True, check=True).stdout
    sizes = [int(line.split()[5], 16) for line in text.splitlines() if line.split()[:1] == ["TLS"]]
    check(sizes and sum(sizes) <= 64, f"thread-local storage takes {sizes} bytes")


@CASES.add
def every_allocation_function_is_hooked_or_excluded(weir):
    missing = []
    for soname in LIBRARIES:
        path = path_of(soname)
        check(path, f"{soname} was not found")
        for name in sorted(dynamic_symbols(path)):
            plain = not name.startswith(("_ZN", "_ZS", "_ZT", "_ZG", "_ZZ")) or "alloc" in name and "__gnu_cxx" in name
            if plain and ALLOCATION.search(name) and name not in hooked() and not excluded(name):
                missing.append(f"{soname}: {name}")
    check(not missing, "neither hooked nor excluded with a reason: " + ", ".join(missing))


if __name__ == "__main__":
    sys.exit(CASES.main())
