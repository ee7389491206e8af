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
