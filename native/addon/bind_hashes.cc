// bind_hashes.cc - the engine's methods on hashes.

#include "addon/engine_object.h"

namespace snapfork {

void AppendHashMethods(std::vector<MethodEntry>&) {}

}  // namespace snapfork
