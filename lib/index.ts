/**
 * The public names of snapfork.
 *
 * @module
 */

export type { CallReply } from './api/command-api.js'
export { Database } from './api/database.js'
export type {
  GeoaddOptions,
  GeoDetails,
  GeoPlace,
  GeoradiusOptions,
  GeosearchOptions,
  GeoUnit,
} from './api/geo-api.js'
export type { HscanOptions } from './api/hash-api.js'
export type { CopyOptions, RestoreOptions, ScanOptions, SortOptions } from './api/key-api.js'
export type { CountOptions, ListEnd, LposOptions } from './api/list-api.js'
export type { FlushMode } from './api/server-api.js'
export type { ScanElementsOptions } from './api/set-api.js'
export type {
  Bound,
  LimitOptions,
  Score,
  ScoredMembers,
  ScoreRangeOptions,
  WithScores,
  ZaddOptions,
  ZcombineOptions,
  ZrangeOptions,
} from './api/sorted-set-api.js'
export type {
  DeliveredEntry,
  StreamEntry,
  StreamId,
  StreamIds,
  StreamReply,
  TrimOptions,
  XaddOptions,
  XautoclaimOptions,
  XclaimOptions,
  XreadgroupOptions,
  XsetidOptions,
} from './api/stream-api.js'
export type { ExpiryOptions, GetexOptions, LcsOptions, SetOptions } from './api/string-api.js'
export type { ExpireCondition, Integer, Key, KeyValuePairs, Value } from './api/values.js'
export type {
  CowByRegion,
  CowHugePages,
  CowRegion,
  CowRegions,
  CowReport,
  CowSample,
} from './cow/cow-report.js'
export type { HeatMap } from './cow/heat-map.js'
export { type CheckOptions, type CheckReport, check, type FileFinding } from './engine/check.js'
export type { Finding, FindingLevel } from './engine/diagnosis.js'
export {
  type DoctorForecast,
  type DoctorOptions,
  type DoctorReport,
  doctor,
} from './engine/doctor.js'
export type { SnapforkEvent, SnapforkEvents, SnapforkListener } from './engine/events.js'
export type { DiskForecast, TypicalForecasts } from './engine/forecast.js'
export type { Forecast } from './engine/forecaster.js'
export type { SaveMemoryEvent } from './engine/memory-guard.js'
export {
  type MetricsOptions,
  type MetricsRegistry,
  metrics,
  type RegisterMetricsOptions,
  registerMetrics,
} from './engine/metrics.js'
export { open } from './engine/open.js'
export { type BgsaveOptions, type CloseOptions, Snapfork } from './engine/snapfork.js'
export {
  type ChildEnd,
  CorruptFileError,
  ERROR_CODES,
  ReplyError,
  SnapforkError,
  type SnapforkErrorCode,
  SnapshotError,
} from './errors.js'
export type {
  MemoryLimit,
  MemoryLimitKind,
  MemoryLimits,
  SwapLimit,
} from './host/memory-limits.js'
export type { LoadProgressEvent, OpenOptions, RuntimeOptions } from './options.js'
export type { CutTail } from './persist/cut-tail.js'
export type { DiskSpeed } from './persist/disk-speed.js'
export { readSaveRecords, type SaveRecords } from './persist/report-file.js'
export type { SaveRecord } from './persist/save-record.js'
export type { SaveReport, SnapshotReport } from './persist/snapshot-report.js'
export type { DiskRates, TypicalDisk } from './persist/typical-disks.js'
export { createServer, type SnapforkServer } from './server/server.js'
export type { ShutdownOptions } from './server/server-core.js'
export type { OutputBufferLimit, ServerOptions } from './server/server-options.js'
export type { EncodingLimits } from './util/encoding-limits.js'
export type { EvictionPolicy, EvictionSettings } from './util/eviction.js'
export { SNAPFORK_VERSION as version } from './util/version.js'
