/* SPDX-License-Identifier: Apache-2.0 */
/* Reactions to errors of the store. */
#include "core/coordinator/answer.h"

#include "core/text.h"

enum muster_reaction muster_answer_reaction(struct muster_bytes error)
{
    static const struct {
        const char *word;
        enum muster_reaction reaction;
    } answers[] = {
        {"NOSCRIPT", MUSTER_REACTION_LOAD_SCRIPT}, {"MISCONF", MUSTER_REACTION_OPERATOR},
        {"OOM", MUSTER_REACTION_OPERATOR},         {"NOAUTH", MUSTER_REACTION_OPERATOR},
        {"WRONGPASS", MUSTER_REACTION_OPERATOR},   {"NOPERM", MUSTER_REACTION_OPERATOR},
        {"WRONGTYPE", MUSTER_REACTION_OPERATOR},   {"MOVED", MUSTER_REACTION_OPERATOR},
        {"ASK", MUSTER_REACTION_OPERATOR},         {"CROSSSLOT", MUSTER_REACTION_OPERATOR},
    };
    struct muster_bytes rest = error;
    struct muster_bytes word = muster_text_token(&rest);
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        if (muster_text_equal(word, answers[i].word))
            return answers[i].reaction;
    }
    return MUSTER_REACTION_RETRY;
}

enum muster_reaction muster_answer_note(struct muster_bytes error, struct muster_effects *out)
{
    enum muster_reaction reaction = muster_answer_reaction(error);
    char shown[80];
    struct muster_text t;
    muster_text_init(&t, shown, sizeof shown);
    muster_text_add_bytes(&t, error);
    muster_effects_note(out, MUSTER_NOTE_STORE_ERROR, (const uint64_t[4]){reaction, 0, 0, 0},
                        shown);
    return reaction;
}
