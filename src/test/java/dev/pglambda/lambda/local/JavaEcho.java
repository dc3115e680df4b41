package dev.pglambda.lambda.local;

import java.util.Map;

/** A function in Java. */
public final class JavaEcho {

  public Map<String, Object> handle(Map<String, Object> event) {
    System.out.println("echo in Java");
    if (event.containsKey("fail")) {
      throw new IllegalStateException("asked to");
    }
    return event;
  }
}
