// bind_geo.cc - the engine's methods on geo.

#include "addon/engine_object.h"

namespace snapfork {

void AppendGeoMethods(std::vector<MethodEntry>&) {}

}  // namespace snapfork
