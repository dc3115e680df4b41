package dev.pglambda;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.TestSource;
import org.junit.platform.engine.support.descriptor.ClassSource;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;

/**
 * Says which tests did not run, and why: on standard output, and for {@code scripts/test} in {@code
 * target/skipped-tests.txt}. Surefire's own reports lose a class whose {@code @BeforeAll} gives up.
 */
public final class SkippedTests implements TestExecutionListener {
  private static final Path FILE = Path.of("target/skipped-tests.txt");

  private final Queue<String> lines = new ConcurrentLinkedQueue<>();

  @Override
  public void executionSkipped(TestIdentifier test, String reason) {
    add(test, reason);
  }

  @Override
  public void executionFinished(TestIdentifier test, TestExecutionResult result) {
    if (result.getStatus() == TestExecutionResult.Status.ABORTED) {
      add(test, result.getThrowable().map(Throwable::getMessage).orElse("no reason given"));
    }
  }

  private void add(TestIdentifier test, String reason) {
    String name = test.getSource().map(SkippedTests::nameOf).orElse(test.getDisplayName());
    lines.add(name + ": " + reason.strip().replaceAll("\\s+", " "));
  }

  private static String nameOf(TestSource source) {
    if (source instanceof MethodSource method) {
      return method.getClassName() + "." + method.getMethodName();
    }
    return source instanceof ClassSource type
        ? type.getClassName() + " (the whole class)"
        : source.toString();
  }

  @Override
  public void testPlanExecutionFinished(TestPlan plan) {
    try {
      for (String line = lines.poll(); line != null; line = lines.poll()) {
        System.out.println("SKIPPED " + line);
        Files.writeString(FILE, line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
