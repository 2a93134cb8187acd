/**
 * Typed methods of the stream commands.
 *
 * @module
 */

import { GeoApi } from './geo-api.js'

export abstract class StreamApi extends GeoApi {}
