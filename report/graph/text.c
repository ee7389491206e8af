#include "scan.h"

enum {
        TEXT_RUN = 128,   /* one run of so many characters is text */
        TEXT_STRING = 10, /* or strings of so many, */
        TEXT_STRINGS = 3, /* so many of them, */
        TEXT_GAP = 8,     /* with at most so many NULs between */
};

static bool printable(uint8_t byte)
{
        return (byte >= ' ' && byte <= '~') || byte == '\t' || byte == '\n' || byte == '\r';
}

static size_t run_end(const uint8_t *bytes, size_t size, size_t at)
{
        while (at < size && printable(bytes[at]))
                at++;
        return at;
}

static size_t run_start(const uint8_t *bytes, size_t at)
{
        while (at > 0 && printable(bytes[at - 1]))
                at--;
        return at;
}

/* Strings that follow the one that ends at `at`. */
static unsigned strings_after(const uint8_t *bytes, size_t size, size_t at)
{
        unsigned strings = 0;

        while (strings < TEXT_STRINGS) {
                size_t start = at, end;

                while (start < size && start - at <= TEXT_GAP && !bytes[start])
                        start++;
                end = run_end(bytes, size, start);
                if (start == at || start - at > TEXT_GAP || end - start < TEXT_STRING)
                        break;
                strings++;
                at = end;
        }
        return strings;
}

/* Strings before the one that starts at `at`. */
static unsigned strings_before(const uint8_t *bytes, size_t at)
{
        unsigned strings = 0;

        while (strings < TEXT_STRINGS) {
                size_t end = at, start;

                while (end > 0 && at - end <= TEXT_GAP && !bytes[end - 1])
                        end--;
                start = run_start(bytes, end);
                if (end == at || at - end > TEXT_GAP || end - start < TEXT_STRING)
                        break;
                strings++;
                at = start;
        }
        return strings;
}

bool scan_is_text(const uint8_t *bytes, size_t size, size_t at)
{
        size_t start, end;

        if (at >= size || !printable(bytes[at]))
                return false;
        start = run_start(bytes, at);
        end = run_end(bytes, size, at);
        if (end - start >= TEXT_RUN)
                return true;
        if (end - start < TEXT_STRING)
                return false;
        return 1 + strings_before(bytes, start) + strings_after(bytes, size, end) >= TEXT_STRINGS;
}
