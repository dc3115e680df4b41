package dev.pglambda.lambda.project;

import dev.pglambda.lambda.route.FunctionRuntime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The code of a function and what runs it, told from the names of files.
 *
 * @param code absolute, a file or a folder
 * @param handler null: the runtime's default
 */
record LocalCode(FunctionRuntime runtime, Path code, @Nullable String handler) {
  /** What may name the handler in a jar's manifest, as the Java runtime takes it. */
  private static final List<String> HANDLER_ATTRIBUTES = List.of("Lambda-Handler", "Main-Class");

  private static final Map<String, FunctionRuntime> RUNTIMES =
      Map.of(
          "py", FunctionRuntime.PYTHON,
          "mjs", FunctionRuntime.NODE,
          "cjs", FunctionRuntime.NODE,
          "js", FunctionRuntime.NODE,
          "ts", FunctionRuntime.NODE,
          "mts", FunctionRuntime.NODE,
          "rb", FunctionRuntime.RUBY,
          "jar", FunctionRuntime.JAVA);

  /** Of a folder's files these say first what runs it, in the order in which they are tried. */
  private static final List<String> MAIN_FILES =
      List.of(
          "lambda_function.py",
          "app.py",
          "index.mjs",
          "index.js",
          "index.cjs",
          "index.ts",
          "index.mts",
          "app.mjs",
          "app.js",
          "app.cjs",
          "app.ts",
          "app.mts",
          "lambda_function.rb",
          "app.rb");

  /** Looks at a file, or into a folder. */
  static LocalCode of(Path code) throws NotUsedException {
    return Files.isDirectory(code) ? ofFolder(code) : ofFile(code);
  }

  private static LocalCode ofFile(Path file) throws NotUsedException {
    FunctionRuntime runtime = runtime(file);
    if (runtime == null) {
      throw new NotUsedException(
          "what runs it is not known (expected: a folder, or one of .py .mjs .cjs .js .ts .mts .rb"
              + " .jar .json)");
    }
    String handler = runtime == FunctionRuntime.JAVA ? manifestHandler(file) : null;
    return new LocalCode(runtime, file, handler);
  }

  private static @Nullable FunctionRuntime runtime(Path file) {
    return RUNTIMES.get(extension(file.getFileName().toString()));
  }

  static String extension(String name) {
    return name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
  }

  private static String manifestHandler(Path jar) throws NotUsedException {
    if (!Files.isRegularFile(jar)) {
      throw new NotUsedException("it is no file"); // a FIFO could not be closed again
    }
    try (JarFile file = new JarFile(jar.toFile())) {
      Attributes attributes =
          Optional.ofNullable(file.getManifest())
              .map(Manifest::getMainAttributes)
              .orElseGet(Attributes::new);
      return HANDLER_ATTRIBUTES.stream()
          .map(attributes::getValue)
          .filter(handler -> handler != null && !handler.isBlank())
          .map(String::strip)
          .findFirst()
          .orElseThrow(
              () ->
                  new NotUsedException(
                      "its manifest names no handler (expected: an attribute Lambda-Handler, for"
                          + " example com.example.Hello::handleRequest)"));
    } catch (IOException unreadable) {
      throw new NotUsedException("it cannot be read as a jar");
    }
  }

  private static LocalCode ofFolder(Path folder) throws NotUsedException {
    Path bootstrap = folder.resolve("bootstrap");
    if (Files.isRegularFile(bootstrap)) {
      if (!Files.isExecutable(bootstrap)) {
        throw new NotUsedException("its bootstrap is not executable (expected: chmod +x)");
      }
      return new LocalCode(FunctionRuntime.PROVIDED, folder, null);
    }
    Path main = mainFile(folder);
    LocalCode code = ofFile(main);
    // A jar is its own class path; of the others the folder is the task root.
    return code.runtime == FunctionRuntime.JAVA
        ? code
        : new LocalCode(code.runtime, folder, code.handler);
  }

  private static Path mainFile(Path folder) throws NotUsedException {
    for (String name : MAIN_FILES) {
      if (Files.isRegularFile(folder.resolve(name))) {
        return folder.resolve(name);
      }
    }
    List<Path> files = codeFiles(folder);
    return files.stream()
        .filter(file -> file.getFileName().toString().startsWith("handler."))
        .findFirst()
        .or(() -> files.size() == 1 ? files.stream().findFirst() : Optional.empty())
        .orElseThrow(
            () ->
                new NotUsedException(
                    "it does not say what to run (expected: lambda_function.py, app.py, index.mjs or"
                        + " another index.*, app.* or handler.*, an executable bootstrap, or one"
                        + " file of code)"));
  }

  private static List<Path> codeFiles(Path folder) throws NotUsedException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> Files.isRegularFile(file) && runtime(file) != null)
          .sorted()
          .toList();
    } catch (IOException unreadable) {
      throw new NotUsedException("it cannot be listed");
    }
  }
}
