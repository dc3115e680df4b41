package dev.pglambda.lambda.local;

import dev.pglambda.lambda.route.LocalFunction;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Where a function's code is, and what is called in it.
 *
 * @param root the folder, the function's working directory
 * @param file the one file to load, or null: the handler names it
 * @param handler as the runtime takes it
 * @param otherwise name to look for in the module if the handler's is not there; empty: none
 */
record FunctionCode(Path root, @Nullable Path file, String handler, String otherwise) {
  private static final String HANDLER = "handler";

  /** Finds it. Blocks. */
  static FunctionCode of(LocalFunction function) throws EntrypointException {
    Path code = function.code();
    if (!Files.exists(code)) {
      throw EntrypointException.of(code.toString(), "no such file or directory");
    }
    boolean folder = Files.isDirectory(code);
    Path parent = code.getParent();
    Path root = folder || parent == null ? code : parent;
    String handler = function.handler();
    return switch (function.runtime()) {
      case PYTHON ->
          module(root, folder ? null : code, handler, "lambda_handler", HANDLER, Names.PYTHON);
      case NODE -> module(root, folder ? null : code, handler, HANDLER, "", Names.NODE);
      case RUBY ->
          module(root, folder ? null : code, handler, "lambda_handler", HANDLER, Names.RUBY);
      case JAVA ->
          new FunctionCode(root, folder ? null : code, handler == null ? ofJar(code) : handler, "");
      case PROVIDED ->
          new FunctionCode(
              root,
              folder ? root.resolve("bootstrap") : code,
              handler == null ? "bootstrap" : handler,
              "");
    };
  }

  /** The modules that a folder may hold, the first one first. */
  private static final class Names {
    static final List<String> PYTHON = List.of("lambda_function.py", "app.py", "handler.py");
    static final List<String> NODE =
        Stream.of("index", "app", HANDLER)
            .flatMap(name -> Stream.of("mjs", "js", "cjs", "ts", "mts").map(e -> name + "." + e))
            .toList();
    static final List<String> RUBY = List.of("lambda_function.rb", "app.rb", "handler.rb");
  }

  private static FunctionCode module(
      Path root,
      @Nullable Path file,
      @Nullable String handler,
      String byDefault,
      String otherwise,
      List<String> names)
      throws EntrypointException {
    if (handler != null && file == null) {
      return new FunctionCode(root, null, handler, "");
    }
    Path found = file == null ? find(root, names) : file;
    String name = String.valueOf(found.getFileName());
    String stem = name.contains(".") ? name.substring(0, name.lastIndexOf('.')) : name;
    return handler == null
        ? new FunctionCode(root, found, stem + "." + byDefault, otherwise)
        : new FunctionCode(root, found, handler.contains(".") ? handler : stem + "." + handler, "");
  }

  private static Path find(Path root, List<String> names) throws EntrypointException {
    for (String name : names) {
      if (Files.isRegularFile(root.resolve(name))) {
        return root.resolve(name);
      }
    }
    try (Stream<Path> files = Files.list(root)) {
      List<Path> modules = files.filter(file -> isModule(file, names)).toList();
      if (modules.size() == 1) {
        return modules.get(0);
      }
      throw new EntrypointException(
          "%s: %d modules (expected: one, or %s)"
              .formatted(root, modules.size(), String.join(", ", names)));
    } catch (IOException unreadable) {
      throw EntrypointException.of(root.toString(), "permission denied");
    }
  }

  private static boolean isModule(Path file, List<String> names) {
    String name = String.valueOf(file.getFileName());
    return names.stream().anyMatch(each -> name.endsWith(each.substring(each.lastIndexOf('.'))));
  }

  /** What a jar's manifest says. */
  private static String ofJar(Path code) throws EntrypointException {
    if (!code.toString().endsWith(".jar")) {
      throw new EntrypointException("handler of " + code + ": none (expected: package.Class)");
    }
    try (JarFile jar = new JarFile(code.toFile())) {
      Manifest manifest = jar.getManifest();
      return Stream.of("Lambda-Handler", "Main-Class")
          .flatMap(
              name ->
                  Optional.ofNullable(manifest)
                      .map(read -> read.getMainAttributes().getValue(name))
                      .stream())
          .findFirst()
          .orElseThrow(
              () ->
                  new EntrypointException(
                      "manifest of " + code + ": no handler (expected: Lambda-Handler)"));
    } catch (IOException unreadable) {
      throw EntrypointException.of(code.toString(), "exec format error");
    }
  }
}
