package dev.pglambda.admin;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The page's files, by a list of their names: nothing else can be asked for. */
final class PageFiles {
  private static final String FOLDER = "page/";
  private static final Map<String, String> TYPES =
      Map.of(
          "html", "text/html; charset=utf-8",
          "js", "text/javascript; charset=utf-8",
          "css", "text/css; charset=utf-8",
          "svg", "image/svg+xml");
  private static final Map<String, String> PAGES =
      Map.of("/", "index.html", "/login", "login.html");
  private static final List<String> PARTS =
      List.of(
          "style.css",
          "favicon.svg",
          "app.js",
          "api.js",
          "copy.js",
          "detail.js",
          "dom.js",
          "feed.js",
          "filter.js",
          "json.js",
          "list.js",
          "sheets.js",
          "store.js");

  private final Map<String, byte[]> byPath = new HashMap<>();

  PageFiles() {
    PAGES.forEach(this::read);
    PARTS.forEach(name -> read("/" + name, name));
  }

  private void read(String path, String name) {
    try (InputStream in = PageFiles.class.getResourceAsStream(FOLDER + name)) {
      if (in != null) {
        byPath.put(path, in.readAllBytes());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Whether everybody may see it, who has not logged in yet: it is the same at each proxy. */
  static boolean isPublic(String path) {
    return path.startsWith("/") && PARTS.contains(path.substring(1));
  }

  /** Whether it is one that a browser shows by itself. */
  static boolean isPage(String path) {
    return PAGES.containsKey(path);
  }

  /** Where there are files. */
  Set<String> paths() {
    return byPath.keySet();
  }

  /** One of the files. */
  HttpAnswer file(HttpRequest request) {
    String path = RequestRouter.pathOf(request);
    byte[] bytes = byPath.get(path);
    if (bytes == null) {
      throw new IllegalArgumentException(path);
    }
    String tag = "\"%08x\"".formatted(Arrays.hashCode(bytes));
    String name = PAGES.getOrDefault(path, path);
    HttpAnswer answer =
        tag.equals(request.headers().get(HttpHeaderNames.IF_NONE_MATCH))
            ? HttpAnswer.empty(HttpResponseStatus.NOT_MODIFIED)
            : HttpAnswer.of(
                HttpResponseStatus.OK,
                TYPES.getOrDefault(name.substring(name.lastIndexOf('.') + 1), "text/plain"),
                bytes);
    return answer.with(HttpHeaderNames.ETAG, tag).with(HttpHeaderNames.CACHE_CONTROL, "no-cache");
  }
}
