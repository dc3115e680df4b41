package dev.pglambda.lambda.local;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.pglambda.lambda.route.LocalFunction;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.jar.JarFile;
import java.util.stream.Stream;

/** The command that runs a function's code. Blocks. */
final class LaunchCommand {
  /** In a function's own command: the arguments of the runtime's command. */
  static final String RUNTIME_ARGUMENTS = "{}";

  private static final boolean WINDOWS = File.separatorChar == '\\';
  private static final String JAVA_CLIENT =
      "com.amazonaws.services.lambda.runtime.api.client.AWSLambda";

  private final FunctionCode code;
  private final Path loops;
  private final String searchPath;

  /**
   * @param loops directory of the loops
   * @param searchPath the function's {@code PATH}
   */
  LaunchCommand(FunctionCode code, Path loops, String searchPath) {
    this.code = code;
    this.loops = loops;
    this.searchPath = searchPath;
  }

  /** Program and arguments. */
  List<String> of(LocalFunction function) throws EntrypointException {
    List<String> command = function.command();
    if (command.isEmpty()) {
      return runtime(function);
    }
    List<String> words = new ArrayList<>();
    words.add(program(command.get(0)));
    for (String word : command.subList(1, command.size())) {
      if (word.equals(RUNTIME_ARGUMENTS)) {
        List<String> runtime = runtime(function);
        words.addAll(runtime.subList(1, runtime.size()));
      } else {
        words.add(word);
      }
    }
    return words;
  }

  private List<String> runtime(LocalFunction function) throws EntrypointException {
    String file = code.file() == null ? "" : code.file().toString();
    return switch (function.runtime()) {
      case PYTHON ->
          // The cache of Python compares whole seconds: code that was saved twice in one is stale.
          List.of(python(), "-uB", loop("python"), code.handler(), file, code.otherwise());
      case NODE -> node(file);
      case RUBY -> List.of(program("ruby"), loop("ruby"), code.handler(), file, code.otherwise());
      case JAVA -> java(function);
      case PROVIDED -> List.of(checked(file));
    };
  }

  private String loop(String runtime) {
    String extension = runtime.equals("python") ? ".py" : runtime.equals("node") ? ".mjs" : ".rb";
    return loops.resolve(runtime + "-loop" + extension).toString();
  }

  private String python() throws EntrypointException {
    Path own = code.root().resolve(WINDOWS ? ".venv/Scripts/python.exe" : ".venv/bin/python");
    if (Files.isExecutable(own)) {
      return own.toString();
    }
    return WINDOWS ? program("python") : program("python3");
  }

  private List<String> node(String file) throws EntrypointException {
    List<String> words = new ArrayList<>();
    words.add(program("node"));
    if (file.endsWith("ts")) {
      words.add("--experimental-strip-types");
      words.add("--disable-warning=ExperimentalWarning");
    }
    words.addAll(List.of(loop("node"), code.handler(), file, code.otherwise()));
    return words;
  }

  private List<String> java(LocalFunction function) throws EntrypointException {
    List<String> classPath = new ArrayList<>();
    if (code.file() != null) {
      classPath.add(code.file().toString());
    }
    classPath.add(code.root().toString());
    classPath.addAll(jars(code.root()));
    classPath.addAll(jars(code.root().resolve("lib")));
    Optional.ofNullable(function.environment().get("CLASSPATH"))
        .ifPresent(more -> classPath.addAll(List.of(more.split(File.pathSeparator))));
    String client = JAVA_CLIENT.replace('.', '/') + ".class";
    if (classPath.stream().noneMatch(entry -> holds(entry, client))) {
      throw new EntrypointException(
          JAVA_CLIENT
              + ": not on the class path of "
              + function.code()
              + " (expected: the jars of com.amazonaws:aws-lambda-java-runtime-interface-client)");
    }
    return List.of(
        javaProgram(),
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-cp",
        String.join(File.pathSeparator, classPath),
        JAVA_CLIENT,
        code.handler());
  }

  private static List<String> jars(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(Path::toString).filter(file -> file.endsWith(".jar")).sorted().toList();
    } catch (IOException none) {
      return List.of();
    }
  }

  private static boolean holds(String entry, String resource) {
    if (!entry.endsWith(".jar")) {
      return Files.exists(Path.of(entry, resource));
    }
    try (JarFile jar = new JarFile(entry)) {
      return jar.getEntry(resource) != null;
    } catch (IOException noJar) {
      return false;
    }
  }

  private String javaProgram() {
    return onPath("java")
        .orElse(Path.of(System.getProperty("java.home"), "bin", "java").toString());
  }

  /** A program by its name, or by a path from the function's folder. */
  private String program(String name) throws EntrypointException {
    if (name.contains("/") || name.contains(File.separator)) {
      return checked(code.root().resolve(name).toString());
    }
    return onPath(name)
        .orElseThrow(() -> EntrypointException.of(name, "no such file or directory"));
  }

  private Optional<String> onPath(String name) {
    List<String> names = WINDOWS ? List.of(name + ".exe", name + ".cmd", name) : List.of(name);
    return Stream.of(searchPath.split(File.pathSeparator))
        .filter(directory -> !directory.isEmpty())
        .flatMap(directory -> names.stream().map(each -> Path.of(directory, each)))
        .filter(file -> Files.isRegularFile(file) && Files.isExecutable(file))
        .map(Path::toString)
        .findFirst();
  }

  /** Fails as the kernel would, whose words a prefix of the command would hide. */
  private static String checked(String program) throws EntrypointException {
    Path file = Path.of(program);
    if (!Files.exists(file)) {
      throw EntrypointException.of(program, "no such file or directory");
    }
    if (Files.isDirectory(file) || !Files.isExecutable(file)) {
      throw EntrypointException.of(program, "permission denied");
    }
    byte[] head;
    try (InputStream content = Files.newInputStream(file)) {
      head = content.readNBytes(256);
    } catch (IOException unreadable) {
      throw EntrypointException.of(program, "permission denied");
    }
    String text = new String(head, ISO_8859_1);
    if (text.startsWith("#!")) {
      String interpreter = text.substring(2).replaceFirst("^ *", "").split("[ \n]", 2)[0];
      if (!Files.exists(Path.of(interpreter))) {
        throw EntrypointException.of(program, "no such file or directory");
      }
    } else if (!text.startsWith("\u007fELF") && Files.isDirectory(Path.of("/proc/self"))) {
      throw EntrypointException.of(program, "exec format error");
    }
    return program;
  }
}
