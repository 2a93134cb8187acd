// rdb_format.h - the numbers of the RDB format: constants only.
//
// Layout of a file:
//
//   "REDIS" dddd      signature, four decimal digits of version
//   opcode payload    metadata, database marks, attributes of the next key
//   type key value    an entry
//   0xFF crc64        end; the CRC only from version 5 on

#pragma once

#include <cstddef>
#include <cstdint>

namespace snapfork {

inline constexpr char kRdbSignature[] = {'R', 'E', 'D', 'I', 'S'};
// Before the versions, from 80 on, that only Valkey has.
inline constexpr char kRdbSignatureValkey[] = {'V', 'A', 'L', 'K', 'E', 'Y'};
inline constexpr size_t kRdbVersionDigits = 4;
inline constexpr size_t kRdbHeaderBytes = sizeof(kRdbSignature) + kRdbVersionDigits;
inline constexpr size_t kRdbChecksumBytes = 8;

// Versions the loader reads.
inline constexpr int kRdbVersionMin = 1;
inline constexpr int kRdbVersionMax = 12;
// First version with the trailing CRC.
inline constexpr int kRdbVersionChecksum = 5;
// First version with listpacks, which the writer copies.
inline constexpr int kRdbVersionWriteMin = 10;
// First version with sets as listpacks, and with expiries of a hash's fields.
inline constexpr int kRdbVersionSetListpack = 11;
inline constexpr int kRdbVersionFieldExpiry = 12;

// Everything from here up is an opcode, everything below a value type.
inline constexpr uint8_t kRdbOpcodeFirst = 0xf4;
inline constexpr uint8_t kRdbOpcodeSlotInfo = 0xf4;
inline constexpr uint8_t kRdbOpcodeFunction2 = 0xf5;
inline constexpr uint8_t kRdbOpcodeFunctionPreGa = 0xf6;
inline constexpr uint8_t kRdbOpcodeModuleAux = 0xf7;
inline constexpr uint8_t kRdbOpcodeIdle = 0xf8;
inline constexpr uint8_t kRdbOpcodeFrequency = 0xf9;
inline constexpr uint8_t kRdbOpcodeAux = 0xfa;
inline constexpr uint8_t kRdbOpcodeResizeDatabase = 0xfb;
inline constexpr uint8_t kRdbOpcodeExpireMillis = 0xfc;
inline constexpr uint8_t kRdbOpcodeExpireSeconds = 0xfd;
inline constexpr uint8_t kRdbOpcodeSelectDatabase = 0xfe;
inline constexpr uint8_t kRdbOpcodeEnd = 0xff;

inline constexpr uint8_t kRdbTypeString = 0;
inline constexpr uint8_t kRdbTypeList = 1;
inline constexpr uint8_t kRdbTypeSet = 2;
inline constexpr uint8_t kRdbTypeZset = 3;
inline constexpr uint8_t kRdbTypeHash = 4;
inline constexpr uint8_t kRdbTypeZset2 = 5;
inline constexpr uint8_t kRdbTypeModulePreGa = 6;
inline constexpr uint8_t kRdbTypeModule2 = 7;
inline constexpr uint8_t kRdbTypeNeverAssigned = 8;
inline constexpr uint8_t kRdbTypeHashZipmap = 9;
inline constexpr uint8_t kRdbTypeListZiplist = 10;
inline constexpr uint8_t kRdbTypeSetIntset = 11;
inline constexpr uint8_t kRdbTypeZsetZiplist = 12;
inline constexpr uint8_t kRdbTypeHashZiplist = 13;
inline constexpr uint8_t kRdbTypeListQuicklist = 14;
inline constexpr uint8_t kRdbTypeStream = 15;
inline constexpr uint8_t kRdbTypeHashListpack = 16;
inline constexpr uint8_t kRdbTypeZsetListpack = 17;
inline constexpr uint8_t kRdbTypeListQuicklist2 = 18;
inline constexpr uint8_t kRdbTypeStream2 = 19;
inline constexpr uint8_t kRdbTypeSetListpack = 20;
inline constexpr uint8_t kRdbTypeStream3 = 21;
inline constexpr uint8_t kRdbTypeHashMetadataPreGa = 22;
inline constexpr uint8_t kRdbTypeHashListpackMetadataPreGa = 23;
inline constexpr uint8_t kRdbTypeHashMetadata = 24;
inline constexpr uint8_t kRdbTypeHashListpackMetadata = 25;
inline constexpr uint8_t kRdbTypeLast = kRdbTypeHashListpackMetadata;

// The two top bits of a length's first byte.
inline constexpr uint8_t kRdbLength6Bit = 0x00;
inline constexpr uint8_t kRdbLength14Bit = 0x40;
inline constexpr uint8_t kRdbLengthLong = 0x80;
inline constexpr uint8_t kRdbStringEncoded = 0xc0;
inline constexpr uint8_t kRdbLengthMask = 0xc0;
// The only first bytes of the long form.
inline constexpr uint8_t kRdbLength32Bit = 0x80;
inline constexpr uint8_t kRdbLength64Bit = 0x81;
inline constexpr size_t kRdbLengthBytesMax = 9;

// First bytes of the specially encoded strings.
inline constexpr uint8_t kRdbStringInt8 = 0xc0;
inline constexpr uint8_t kRdbStringInt16 = 0xc1;
inline constexpr uint8_t kRdbStringInt32 = 0xc2;
inline constexpr uint8_t kRdbStringLzf = 0xc3;

// Longest text that is tried as an integer, "-2147483648".
inline constexpr size_t kRdbIntegerTextMax = 11;
// Longest string that is never compressed.
inline constexpr size_t kRdbPlainTextMax = 20;
// What compression must save at least.
inline constexpr size_t kRdbCompressionGainMin = 4;

// Nodes of a list of type 18.
inline constexpr uint8_t kRdbContainerPlain = 1;
inline constexpr uint8_t kRdbContainerPacked = 2;

// What stands for a length of a double's text.
inline constexpr uint8_t kRdbDoubleNan = 253;
inline constexpr uint8_t kRdbDoubleInfinity = 254;
inline constexpr uint8_t kRdbDoubleMinusInfinity = 255;

// Items in the value of a module.
inline constexpr uint8_t kRdbModuleEnd = 0;
inline constexpr uint8_t kRdbModuleSigned = 1;
inline constexpr uint8_t kRdbModuleUnsigned = 2;
inline constexpr uint8_t kRdbModuleFloat = 3;
inline constexpr uint8_t kRdbModuleDouble = 4;
inline constexpr uint8_t kRdbModuleString = 5;

}  // namespace snapfork
