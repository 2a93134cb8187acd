// buffered_writer.cc - the way from the buffer to the sink.

#include "persist/buffered_writer.h"

#include "base/check.h"
#include "base/crc64.h"
#include "base/limits.h"

namespace snapfork {

BufferedWriter::BufferedWriter(ByteSink& sink, uint8_t* output, size_t output_bytes,
                               bool has_checksum)
    : at_(output),
      end_(output + output_bytes),
      begin_(output),
      sink_(sink),
      has_checksum_(has_checksum) {
  SF_CHECK(output_bytes >= kOutputBytesMin && output_bytes <= kStringBytesMax);
}

Status BufferedWriter::AppendBytes(const void* from, size_t bytes) {
  if (bytes <= kOutputBytesMin) {
    SF_RETURN_IF_ERROR(MakeRoom(bytes));
    at_ = PutBytes(at_, from, bytes);
    return Status();
  }
  SF_RETURN_IF_ERROR(Flush());
  return Sink(from, bytes);
}

Status BufferedWriter::Flush() {
  if (!status_.ok()) return status_;
  const auto bytes = static_cast<size_t>(at_ - begin_);
  at_ = begin_;
  return Sink(begin_, bytes);
}

Status BufferedWriter::Sink(const void* from, size_t bytes) {
  if (!status_.ok()) return status_;
  if (has_checksum_) crc_ = Crc64(crc_, from, bytes);
  if (Status status = sink_.Write(from, bytes); !status.ok()) return Fail(status);
  sunk_bytes_ += bytes;
  return Status();
}

Status BufferedWriter::Fail(Status status) {
  status_ = status;
  at_ = begin_;
  end_ = begin_;  // (B3)
  return status;
}

}  // namespace snapfork
