// bind_geo.cc - arithmetic of places whose last digit must be that of the C library.

#include <cmath>

#include "addon/engine_object.h"

namespace snapfork {
namespace {

constexpr double kEarthRadiusMetres = 6372797.560856;

double Radians(double degrees) { return degrees * (M_PI / 180.0); }

// Metres along a great circle, by the haversine formula.
double GreatCircle(double longitude1, double latitude1, double longitude2, double latitude2) {
  const double lat1 = Radians(latitude1);
  const double lat2 = Radians(latitude2);
  const double v = std::sin((Radians(longitude2) - Radians(longitude1)) / 2);
  if (v == 0.0) return kEarthRadiusMetres * std::fabs(lat2 - lat1);
  const double u = std::sin((lat2 - lat1) / 2);
  const double a = u * u + std::cos(lat1) * std::cos(lat2) * v * v;
  return 2.0 * kEarthRadiusMetres * std::asin(std::sqrt(a));
}

napi_value GeoDistance(Call& call) {
  double numbers[4];
  for (size_t i = 0; i < 4; ++i) {
    if (!call.ReadDouble(i, numbers[i])) return nullptr;
  }
  return call.Number(GreatCircle(numbers[0], numbers[1], numbers[2], numbers[3]));
}

}  // namespace

void AppendGeoMethods(std::vector<MethodEntry>& methods) {
  methods.push_back({"geoDistance", Method<GeoDistance>});
}

}  // namespace snapfork
