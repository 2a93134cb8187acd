{
  "variables": {
    "child_sources": [
      "native/base/clock.cc",
      "native/base/crc64.cc",
      "native/base/io.cc",
      "native/base/lzf.cc",
      "native/base/number.cc",
      "native/ds/listpack.cc",
      "native/ds/intset.cc",
      "native/ds/pack_tree_reader.cc",
      "native/persist/file_sink.cc",
      "native/persist/rdb_values.cc",
      "native/persist/rdb_writer.cc",
      "native/persist/snapshot_file.cc",
      "native/fork/self_memory.cc",
      "native/fork/snapshot_child.cc"
    ],
    "core_sources": [
      "native/base/glob.cc",
      "native/base/hash.cc",
      "native/base/long_double.cc",
      "native/mem/region.cc",
      "native/mem/keeper.cc",
      "native/mem/page_heap.cc",
      "native/mem/arena.cc",
      "native/mem/block_pool.cc",
      "native/ds/hash_index.cc",
      "native/ds/expiry_index.cc",
      "native/ds/hash_tree.cc",
      "native/ds/pack_builder.cc",
      "native/ds/pack_tree.cc",
      "native/keyspace/bitmap_ops.cc",
      "native/keyspace/bulk_insert.cc",
      "native/keyspace/collection.cc",
      "native/keyspace/collection_scan.cc",
      "native/keyspace/list_ops.cc",
      "native/keyspace/list_tree.cc",
      "native/keyspace/set_algebra.cc",
      "native/keyspace/set_ops.cc",
      "native/ds/id_tree.cc",
      "native/keyspace/stream_groups.cc",
      "native/keyspace/stream_node.cc",
      "native/keyspace/stream_ops.cc",
      "native/keyspace/tree_values.cc",
      "native/keyspace/value_build.cc",
      "native/keyspace/zset_algebra.cc",
      "native/keyspace/zset_ops.cc",
      "native/keyspace/zset_score.cc",
      "native/keyspace/zset_tree.cc",
      "native/keyspace/value_copy.cc",
      "native/keyspace/hash_edit.cc",
      "native/keyspace/hash_expiry.cc",
      "native/keyspace/hash_ops.cc",
      "native/keyspace/hyperloglog.cc",
      "native/keyspace/keyspace.cc",
      "native/keyspace/key_ops.cc",
      "native/keyspace/string_lcs.cc",
      "native/keyspace/string_ops.cc",
      "native/keyspace/digest.cc",
      "native/persist/dump.cc",
      "native/persist/file_source.cc",
      "native/persist/keyspace_load.cc",
      "native/persist/rdb_loader.cc",
      "native/persist/rdb_reader.cc",
      "native/persist/rdb_stream.cc",
      "native/persist/rdb_value_loader.cc",
      "native/persist/ziplist.cc",
      "native/fork/directory_lock.cc",
      "native/fork/snapshot_fork.cc"
    ]
  },
  "target_defaults": {
    "cflags": ["-Wall", "-Wextra", "-Werror", "-Wshadow", "-fvisibility=hidden"],
    "cflags_cc!": ["-std=gnu++17", "-std=c++17", "-std=gnu++20"],
    "cflags_cc": ["-std=c++20", "-fno-exceptions", "-fno-rtti", "-O2"],
    "include_dirs": ["native"],
    "configurations": {
      "Debug": { "defines": ["SNAPFORK_DEBUG"] }
    }
  },
  "targets": [
    {
      "target_name": "snapfork_child",
      "type": "static_library",
      "cflags": ["-fPIC", "-ffunction-sections"],
      "sources": ["<@(child_sources)"]
    },
    {
      "target_name": "snapfork_core",
      "type": "static_library",
      "cflags": ["-fPIC"],
      "sources": ["<@(core_sources)"]
    },
    {
      "target_name": "snapfork",
      "dependencies": ["snapfork_core", "snapfork_child"],
      "sources": [
        "native/addon/addon.cc",
        "native/addon/background.cc",
        "native/addon/bind_bitmaps.cc",
        "native/addon/bind_dump.cc",
        "native/addon/bind_geo.cc",
        "native/addon/bind_hashes.cc",
        "native/addon/bind_hyperloglog.cc",
        "native/addon/bind_keys.cc",
        "native/addon/bind_limits.cc",
        "native/addon/bind_lists.cc",
        "native/addon/bind_sets.cc",
        "native/addon/bind_sorted_sets.cc",
        "native/addon/bind_stream_groups.cc",
        "native/addon/bind_streams.cc",
        "native/addon/bind_persist.cc",
        "native/addon/bind_strings.cc",
        "native/addon/call.cc",
        "native/addon/convert.cc",
        "native/addon/engine_object.cc",
        "native/addon/lock_object.cc",
        "native/addon/stream_replies.cc"
      ],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": [
        "NAPI_VERSION=9",
        "NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS",
        "NODE_ADDON_API_DISABLE_DEPRECATED"
      ],
      "ldflags": ["-Wl,-z,now", "-static-libstdc++", "-static-libgcc"],
      "defines!": ["V8_DEPRECATION_WARNINGS=1"]
    },
    {
      "target_name": "snapfork_native_test",
      "type": "executable",
      "dependencies": ["snapfork_core", "snapfork_child"],
      "sources": ["<!@(ls test/native/*_test.cc test/native/main.cc)"],
      "include_dirs": ["test/native"],
      "ldflags": ["-pthread"]
    }
  ]
}
