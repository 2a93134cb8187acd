/**
 * The native functions on places.
 *
 * @module
 */

export interface GeoPrimitives {
  /** Metres along a great circle, to the last digit of the C library's functions. */
  geoDistance(longitude1: number, latitude1: number, longitude2: number, latitude2: number): number
}
