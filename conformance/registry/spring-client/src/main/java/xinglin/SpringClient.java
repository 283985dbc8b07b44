// Drives a registry through Spring Cloud Consul and prints one line for each thing that worked.
// Usage: XINGLIN_REGISTRY=127.0.0.1:8500 java -jar spring-client.jar
package xinglin;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.cloud.client.ServiceInstance;
import org.springframework.cloud.client.discovery.DiscoveryClient;
import org.springframework.cloud.context.config.annotation.RefreshScope;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

@SpringBootApplication
public class SpringClient {
  private static final String NAME = "spring-client";
  private static final String KEY = "config/" + NAME + "/greeting";
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  @RestController
  @RefreshScope
  static class Greeting {
    @Value("${greeting}")
    private String text;

    @GetMapping("/greeting")
    String greeting() {
      return text;
    }
  }

  private static void check(String what, BooleanSupplier holds) throws InterruptedException {
    long end = System.nanoTime() + LIMIT.toNanos();
    while (!holds.getAsBoolean()) {
      if (System.nanoTime() > end) {
        System.out.println("FAIL " + what);
        System.exit(1);
      }
      Thread.sleep(100);
    }
    System.out.println("ok " + what);
  }

  private static String send(HttpRequest.Builder request) {
    try {
      return HTTP.send(request.timeout(LIMIT).build(), BodyHandlers.ofString()).body();
    } catch (java.io.IOException | InterruptedException error) {
      return error.toString();
    }
  }

  private static String put(String registry, String value) {
    URI uri = URI.create("http://" + registry + "/v1/kv/" + KEY);
    return send(HttpRequest.newBuilder(uri).PUT(HttpRequest.BodyPublishers.ofString(value)));
  }

  public static void main(String[] arguments) throws InterruptedException {
    String registry = System.getenv("XINGLIN_REGISTRY");
    check("a key is written", () -> put(registry, "first").trim().equals("true"));
    ConfigurableApplicationContext context = SpringApplication.run(SpringClient.class, arguments);
    DiscoveryClient discovery = context.getBean(DiscoveryClient.class);
    check("the application is registered and well", () -> discovery.getInstances(NAME).size() == 1);
    check("its name is among the services", () -> discovery.getServices().contains(NAME));
    List<ServiceInstance> instances = discovery.getInstances(NAME);
    URI greeting = instances.get(0).getUri().resolve("/greeting");
    check("the instance that was found answers with its configuration",
        () -> send(HttpRequest.newBuilder(greeting)).equals("first"));
    put(registry, "second");
    check("a change of the configuration reaches the running application",
        () -> send(HttpRequest.newBuilder(greeting)).equals("second"));
    context.close();
    URI left = URI.create("http://" + registry + "/v1/health/service/" + NAME);
    check("an application that ends is no longer registered",
        () -> send(HttpRequest.newBuilder(left)).trim().equals("[]"));
    System.out.println("done");
    System.exit(0);
  }
}
