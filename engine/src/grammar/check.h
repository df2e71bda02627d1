#pragma once
#include "grammar.h"

namespace aria {

// Throws bad_grammar for a rule that begins with itself (matching it would not end) and for one that no finite text
// matches (an answer would not end). `names` holds each rule's name.
void check_rules(const Grammar& grammar, const std::vector<std::string>& names);

}  // namespace aria
