// A small program that leaks in several ways.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

// A parent and a child that own each other: neither is ever freed.
struct account;
struct customer {
        std::string name;
        std::shared_ptr<account> main_account;
};
struct account {
        long balance = 0;
        std::shared_ptr<customer> owner; // should be a std::weak_ptr
};

[[gnu::noinline]] static void open_account(const char *name)
{
        auto c = std::make_shared<customer>();
        auto a = std::make_shared<account>();

        c->name = name;
        c->main_account = a;
        a->owner = c;
}

// The list's head is forgotten, and all that hangs from it.
struct item {
        item *next;
        char text[40];
};

[[gnu::noinline]] static item *read_items(int count)
{
        item *head = nullptr;

        for (int i = 0; i < count; i++) {
                item *fresh = static_cast<item *>(calloc(1, sizeof *fresh));

                snprintf(fresh->text, sizeof fresh->text, "item %d", i);
                fresh->next = head;
                head = fresh;
        }
        return head;
}

// An early return that forgets a buffer.
[[gnu::noinline]] static int parse(const char *line)
{
        char *copy = strdup(line);

        if (!strchr(copy, '='))
                return -1;
        free(copy);
        return 0;
}

// Held until the end: no leak.
std::vector<std::string> *cache;

// Only a pointer past its first bytes is kept: perhaps a leak.
char *cursor;

int main()
{
        cache = new std::vector<std::string>(10, "a string that is too long to be stored in place");
        for (int i = 0; i < 3; i++)
                open_account("a customer whose name is long");
        read_items(25);
        for (const char *line : { "a=1", "b", "c=3", "d" })
                parse(line);
        cursor = static_cast<char *>(calloc(1, 4096)) + 512;
        printf("%zu strings, cursor at %d\n", cache->size(), *cursor);
        return 0;
}
