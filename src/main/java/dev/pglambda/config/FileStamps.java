package dev.pglambda.config;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What tells whether files that the configuration names have changed: time, size and identity of
 * each file, the entries of each directory and which of them are programs. All methods block.
 */
public record FileStamps(Map<Path, Object> stamps) {

  /** As they are now, as far as they can be read. */
  public static FileStamps of(Collection<Path> paths) {
    Map<Path, Object> stamps = new TreeMap<>();
    paths.forEach(path -> stamps.put(path, stamp(path)));
    return new FileStamps(stamps);
  }

  /** The same files, as they are now. */
  public FileStamps again() {
    return of(stamps.keySet());
  }

  /** Of these paths: of those that it has, as they were; of others, as they are now. */
  public FileStamps with(Collection<Path> paths) {
    Map<Path, Object> extended = new TreeMap<>(of(paths).stamps);
    extended.replaceAll((path, stamp) -> stamps.getOrDefault(path, stamp));
    return new FileStamps(extended);
  }

  private static Object stamp(Path path) {
    try {
      BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
      if (attributes.isDirectory()) {
        try (Stream<Path> entries = Files.list(path)) {
          return entries
              .sorted()
              .map(entry -> Map.entry(entry, Files.isExecutable(entry)))
              .toList();
        }
      }
      return List.of(
          attributes.lastModifiedTime(), attributes.size(), String.valueOf(attributes.fileKey()));
    } catch (IOException | UncheckedIOException e) {
      return "unreadable";
    }
  }
}
