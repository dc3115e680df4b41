package dev.pglambda.admin;

import io.netty.channel.Channel;
import io.netty.handler.codec.http.HttpRequest;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is asked for.
 *
 * @param parameters of the query
 * @param id in the path; 0 if there is none
 * @param body as text, empty if there is none
 */
record AdminRequest(
    Channel channel, HttpRequest head, Map<String, List<String>> parameters, long id, String body) {

  /** The first value of a parameter; null if there is none, or an empty one. */
  @Nullable String parameter(String name) {
    List<String> values = parameters.getOrDefault(name, List.of());
    return values.isEmpty() || values.get(0).isEmpty() ? null : values.get(0);
  }
}
