// bind_sorted_sets.cc - the engine's methods on sorted sets.

#include "addon/engine_object.h"

namespace snapfork {

void AppendSortedSetMethods(std::vector<MethodEntry>&) {}

}  // namespace snapfork
