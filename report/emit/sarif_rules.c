#include "sarif_rules.h"

#include "report.h"

static const struct {
        const char *name, *brief, *full, *help, *level, *problem, *precision;
} rules[KIND_COUNT] = {
        [KIND_DEFINITE] = {
                "DefinitelyLost", "Memory is lost.",
                "Nothing points at these blocks any more, and nothing lost does: they are the head of a leak.",
                "Release the blocks before the last pointer to them goes. The code flow leads to their allocation; what "
                "only they hold is freed with them.",
                "error", "error", "very-high" },
        [KIND_CYCLE] = {
                "LostCycle", "Memory is lost in a cycle.",
                "These blocks point at each other in a ring, and nothing else points at them.",
                "Break the ring: make one of its pointers weak, or clear it before the last reference from outside goes. "
                "The graph shows the shortest way round.",
                "error", "error", "very-high" },
        [KIND_INDIRECT] = {
                "IndirectlyLost", "Memory is lost with what holds it.",
                "Only lost blocks point at these blocks.", "Fix the leak that holds them.", "note", "recommendation",
                "very-high" },
        [KIND_POSSIBLE] = {
                "PossiblyLost", "Memory is possibly lost.",
                "Only doubtful pointers lead to these blocks, such as one to their inside.",
                "See the weak link: either the program keeps them by a pointer in disguise, or a stale word looks like one.",
                "warning", "warning", "medium" },
        [KIND_REACHABLE] = {
                "StillReachable", "Memory was not released before the end.",
                "Something still pointed at these blocks when the process ended.",
                "Harmless where it is in use until the end; else release it.", "note", "recommendation", "high" },
        [KIND_UNKNOWN] = {
                "UnknownAtEnd", "Memory was live when the process died.",
                "The process ended before it could be looked at: whether these blocks were lost is not known.",
                "Let the process end in a way that leaves it to be looked at, not by SIGKILL.", "warning", "warning",
                "low" },
};

static void put_string(struct put *j, const char *key, const char *text)
{
        put_object(j, key, PUT_INLINE);
        put_text(j, "text", text);
        put_end(j);
}

static void put_rule(struct put *j, enum kind kind)
{
        put_object(j, NULL, PUT_LINES);
        put_text(j, "id", kind_name(kind));
        put_text(j, "name", rules[kind].name);
        put_string(j, "shortDescription", rules[kind].brief);
        put_string(j, "fullDescription", rules[kind].full);
        put_string(j, "help", rules[kind].help);
        put_object(j, "defaultConfiguration", PUT_INLINE);
        put_text(j, "level", rules[kind].level);
        put_end(j);
        put_object(j, "properties", PUT_INLINE);
        put_text(j, "precision", rules[kind].precision);
        put_text(j, "problem.severity", rules[kind].problem);
        put_array(j, "tags", PUT_INLINE);
        put_text(j, NULL, "memory");
        put_text(j, NULL, "CWE-401");
        put_end(j);
        put_end(j);
        put_end(j);
}

void sarif_put_tool(struct put *j, const char *version)
{
        put_object(j, "tool", PUT_LINES);
        put_object(j, "driver", PUT_LINES);
        put_text(j, "name", "weir");
        put_foreign(j, "version", version ? version : "unknown");
        put_array(j, "rules", PUT_LINES);
        for (int i = 0; i < KIND_COUNT; i++)
                put_rule(j, (enum kind)i);
        put_end(j);
        put_end(j);
        put_end(j);
}
