package dev.pglambda.testing;

import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetectorFactory;
import java.util.List;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails a test class after which Netty reports a resource that was not released. Registered for
 * every test class by {@code META-INF/services}. A class that tracks nothing costs nothing.
 */
public final class LeakCheck implements BeforeAllCallback, AfterAllCallback {

  private static long trackedAtLastCheck;

  @Override
  public void beforeAll(ExtensionContext context) {
    RecordingLeakDetector.enter(context.getRequiredTestClass().getName());
  }

  @Override
  public void afterAll(ExtensionContext context) throws InterruptedException {
    if (RecordingLeakDetector.tracked() == trackedAtLastCheck) {
      checkThatDetectorIsInPlace();
      return;
    }
    List<String> leaks = RecordingLeakDetector.drain();
    trackedAtLastCheck = RecordingLeakDetector.tracked();
    if (!leaks.isEmpty()) {
      throw new AssertionError(
          leaks.size()
              + " leaks found after "
              + context.getRequiredTestClass().getName()
              + " (the hint of a record names the class that made it):\n"
              + String.join("\n", leaks));
    }
  }

  private static void checkThatDetectorIsInPlace() {
    ResourceLeakDetector<?> detector =
        ResourceLeakDetectorFactory.instance().newResourceLeakDetector(LeakCheck.class);
    if (!(detector instanceof RecordingLeakDetector)
        || ResourceLeakDetector.getLevel() != ResourceLeakDetector.Level.PARANOID) {
      throw new IllegalStateException(
          "leaks are not checked (expected: run with the system properties that pom.xml gives to"
              + " maven-surefire-plugin)");
    }
  }
}
