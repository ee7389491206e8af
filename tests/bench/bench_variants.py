"""The tools that are compared: how each is put around a command."""
import glob
import shutil


class Variant:
    """One tool, or none: the control.  A slow one runs once; each makes 1/divisor of the pairs."""

    def __init__(self, name, prefix=(), environment=None, needs=(), divisor=1, slow=False, report=None):
        self.name, self.prefix, self.environment = name, list(prefix), environment or {}
        self.absent = next((need for need, found in needs if not found), None)
        self.divisor, self.slow = divisor, slow
        self.report = report  # weir's: the process started is the collector, the target its child

    @property
    def is_control(self):
        return not self.prefix and not self.environment

    @property
    def collects(self):
        return self.report is not None

    def command(self, command):
        return self.prefix + list(command)


def library(pattern):
    """The path of a shared library of the system, or an empty string."""
    found = glob.glob(f"/usr/lib/*/{pattern}") or glob.glob(f"/usr/lib/{pattern}")
    return sorted(found)[0] if found else ""


def preloaded(name, pattern, environment, **options):
    path = library(pattern)
    return Variant(name, environment={"LD_PRELOAD": path, **environment}, needs=[(pattern, path)], **options)


def variants_of(weir, directory):
    """The control first.  Tools write below directory."""
    report = directory + "/weir.json"
    lsan = "exitcode=0:log_path=" + directory + "/lsan"
    return [
        Variant("no tool"),
        Variant("weir", [weir, "run", "-q", "--trace-all", "-o", report, "--"], report=report),
        Variant("heaptrack -r", ["heaptrack", "-r", "-o", f"{directory}/heaptrack"],
                needs=[("heaptrack", shutil.which("heaptrack"))], divisor=4),
        preloaded("heaptrack's shim to /dev/null", "heaptrack/libheaptrack_preload.so",
                  {"DUMP_HEAPTRACK_OUTPUT": "/dev/null"}, divisor=4),
        preloaded("LeakSanitizer", "liblsan.so.0", {"LSAN_OPTIONS": lsan}),
        preloaded("LeakSanitizer, fast_unwind_on_malloc=0", "liblsan.so.0",
                  {"LSAN_OPTIONS": lsan + ":fast_unwind_on_malloc=0"}, divisor=80, slow=True),
        preloaded("jemalloc prof, lg_prof_sample:0", "libjemalloc.so.2",
                  {"MALLOC_CONF": f"prof:true,lg_prof_sample:0,prof_final:true,prof_prefix:{directory}/jeprof"},
                  divisor=80, slow=True),
        preloaded("gperftools HEAPPROFILE", "libtcmalloc.so.4", {"HEAPPROFILE": f"{directory}/gperftools"},
                  divisor=80, slow=True),
        Variant("valgrind memcheck", ["valgrind", "-q", "--leak-check=full", "--num-callers=30",
                                      f"--log-file={directory}/valgrind.log"],
                needs=[("valgrind", shutil.which("valgrind"))], divisor=80, slow=True),
    ]
