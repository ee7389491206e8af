#include "utf8.h"

static int is_tail(unsigned char c)
{
        return (c & 0xc0) == 0x80;
}

size_t utf8_length(const char *text)
{
        const unsigned char *s = (const unsigned char *)text;

        if (s[0] < 0x80)
                return s[0] != 0;
        if (s[0] < 0xc2)
                return 0;
        if (!is_tail(s[1]))
                return 0;
        if (s[0] < 0xe0)
                return 2;
        if (!is_tail(s[2]))
                return 0;
        if (s[0] < 0xf0)
                return (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] >= 0xa0) ? 0 : 3;
        if (s[0] > 0xf4 || !is_tail(s[3]))
                return 0;
        return (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] >= 0x90) ? 0 : 4;
}

static unsigned code_point(const char *text, size_t length)
{
        const unsigned char *s = (const unsigned char *)text;

        switch (length) {
        case 1:
                return s[0];
        case 2:
                return (s[0] & 0x1fu) << 6 | (s[1] & 0x3fu);
        case 3:
                return (s[0] & 0x0fu) << 12 | (s[1] & 0x3fu) << 6 | (s[2] & 0x3fu);
        default:
                return 0x10000; /* all of these are plain */
        }
}

bool utf8_is_plain(const char *text, size_t length)
{
        unsigned c = code_point(text, length);

        return !(c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x200e && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
                 (c >= 0x2066 && c <= 0x2069) || c == 0xfffe || c == 0xffff);
}
