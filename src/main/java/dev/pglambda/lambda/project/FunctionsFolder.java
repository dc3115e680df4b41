package dev.pglambda.lambda.project;

import dev.pglambda.lambda.route.CannedReply;
import dev.pglambda.lambda.route.LocalFunction;
import dev.pglambda.lambda.route.Target;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/** A folder each of whose entries is a function that has the entry's name. */
final class FunctionsFolder {
  /** What lies beside functions and is none: their dependencies, and what tools leave. */
  private static final Set<String> IGNORED =
      Set.of(
          "__pycache__",
          "node_modules",
          "package.json",
          "package-lock.json",
          "tsconfig.json",
          "requirements.txt");

  private final Path folder;
  private final Findings findings;

  FunctionsFolder(Path folder, Findings findings) {
    this.folder = folder;
    this.findings = findings;
  }

  void read() throws FunctionsException {
    findings.watch(folder);
    Map<String, Path> entriesByName = new TreeMap<>();
    for (Path entry : entries()) {
      String name = functionName(entry);
      Path other = entriesByName.get(name);
      if (other != null) {
        findings.warn(
            entry.toString(),
            "it is not used: the function %s is %s (expected: one entry with that name)"
                .formatted(name, other.getFileName()));
      } else if (read(name, entry)) {
        entriesByName.put(name, entry);
      }
    }
  }

  private List<Path> entries() throws FunctionsException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.filter(entry -> !isIgnored(entry)).sorted().toList();
    } catch (IOException unreadable) {
      throw new FunctionsException(
          "%s: folder: cannot be listed: %s (expected: a folder to read)"
              .formatted(folder, unreadable.getClass().getSimpleName()));
    }
  }

  private static boolean isIgnored(Path entry) {
    String file = entry.getFileName().toString();
    return file.startsWith(".") || file.startsWith("README") || IGNORED.contains(file);
  }

  private static String functionName(Path entry) {
    String file = entry.getFileName().toString();
    int dot = file.lastIndexOf('.');
    return dot < 0 || Files.isDirectory(entry) ? file : file.substring(0, dot);
  }

  private boolean read(String name, Path entry) {
    try {
      findings.add(name, target(name, entry));
      return true;
    } catch (NotUsedException notUsed) {
      findings.warn(entry.toString(), "it is not used: " + notUsed.reason());
    } catch (FunctionsException malformed) {
      boolean kept = findings.keepReply(name);
      findings.warn(
          entry.toString(),
          (kept ? "its content of before is used: " : "it is not used: ") + malformed.getMessage());
      return kept;
    }
    return false;
  }

  private Target target(String name, Path entry) throws NotUsedException, FunctionsException {
    String file = entry.getFileName().toString();
    if (file.matches("(template|serverless|functions)\\.ya?ml")) {
      throw new NotUsedException(
          "it is read only if --functions names it instead of its folder (expected: --functions %s)"
              .formatted(entry));
    }
    boolean json = file.endsWith(".json") && Files.isRegularFile(entry);
    if (json || file.endsWith(".jar") || Files.isDirectory(entry)) {
      findings.watch(entry);
    }
    if (json) {
      CannedReply.Response reply = CannedReply.Response.of(SourceFile.read(entry).toJson());
      return new CannedReply(List.of(new CannedReply.Case(null, List.of(reply))));
    }
    LocalCode code = LocalCode.of(entry);
    return LocalFunction.of(name, code.runtime(), code.code(), code.handler());
  }
}
