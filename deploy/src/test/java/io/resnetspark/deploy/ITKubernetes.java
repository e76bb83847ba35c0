package io.resnetspark.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.resnetspark.deploy.Command.Ended;
import io.resnetspark.storage.Json;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a real spark-submit makes of deploy/kubernetes: an API server that writes everything down, and does nothing. */
class ITKubernetes {
    private static final Path SPARK_HOME =
            Path.of("..", "target", "spark-home").toAbsolutePath().normalize();

    private static final KubernetesSerialization KUBERNETES = new KubernetesSerialization();

    private final List<JsonNode> created = new CopyOnWriteArrayList<>();

    private final List<String> addresses = new CopyOnWriteArrayList<>();

    @TempDir
    Path folder;

    /** Says of everything that it was made, and is waiting. */
    private void answer(HttpExchange exchange) throws IOException {
        byte[] body = exchange.getRequestBody().readAllBytes();
        JsonNode answer = Json.COMPACT.createObjectNode();
        if (body.length > 0 && !exchange.getRequestMethod().equals("GET")) {
            ObjectNode made = (ObjectNode) Json.COMPACT.readTree(body);
            created.add(made.deepCopy());
            addresses.add(exchange.getRequestURI().getPath());
            made.withObject("/metadata")
                    .put("uid", UUID.randomUUID().toString())
                    .put("resourceVersion", "1");
            if (made.path("kind").asText().equals("Pod")) {
                made.putObject("status").put("phase", "Pending");
            }
            answer = made;
        }
        byte[] json = Json.COMPACT.writeValueAsBytes(answer);
        exchange.getResponseHeaders().add("Content-Type", "application/json");
        exchange.sendResponseHeaders(exchange.getRequestMethod().equals("POST") ? 201 : 200, json.length);
        exchange.getResponseBody().write(json);
        exchange.close();
    }

    private Ended submit(int port) throws Exception {
        Path defaults = folder.resolve("spark.conf");
        Files.writeString(
                defaults,
                Files.readString(Path.of("kubernetes", "spark-defaults.conf"))
                        .replace("k8s://https://APISERVER:6443", "k8s://http://127.0.0.1:" + port)
                        .replace("REGISTRY", "registry.example")
                        .replace("NAMENODE", "namenode"));
        return Command.run(
                StandaloneCluster.environment(SPARK_HOME),
                "target/spark-home/bin/spark-submit",
                "--properties-file",
                defaults.toString(),
                "--conf",
                "spark.kubernetes.submission.waitAppCompletion=false",
                "--class",
                "io.resnetspark.deploy.cli.Main",
                "local:///opt/resnet-spark/deploy-classes.jar",
                "train",
                "/opt/resnet-spark/recipes/imagenet-resnet50-90-epochs.conf",
                "--data",
                "hdfs:///data/imagenet",
                "--out",
                "hdfs:///runs/resnet50",
                "--resume");
    }

    @Test
    void sparkSubmitMakesTheDriversPodAndWhatBelongsToIt() throws Exception {
        Command.run(Map.of(), "scripts/spark-home", SPARK_HOME.toString()).ok();
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
        try {
            submit(server.getAddress().getPort()).ok();
        } finally {
            server.stop(0);
        }
        assertThat(created).extracting(made -> made.path("kind").asText()).contains("Pod", "ConfigMap", "Service");

        Pod driver = KUBERNETES.unmarshal(of("Pod").toString(), Pod.class);
        assertThat(Unknown.fields(driver))
                .as("fields that Kubernetes does not know")
                .isEmpty();
        assertThat(addresses).anyMatch(address -> address.startsWith("/api/v1/namespaces/training/pods"));
        assertThat(driver.getSpec().getServiceAccountName()).isEqualTo("resnet-spark");
        Container container = driver.getSpec().getContainers().get(0);
        assertThat(container.getImage()).isEqualTo("registry.example/resnet-spark:0.1.0");
        assertThat(container.getArgs())
                .startsWith("driver")
                .contains("io.resnetspark.deploy.cli.Main", "train", "--resume", "hdfs:///runs/resnet50");
        assertThat(container.getVolumeMounts())
                .anyMatch(mount -> mount.getMountPath().equals("/natives"));
        assertThat(driver.getSpec().getVolumes())
                .anyMatch(volume -> volume.getEmptyDir() != null
                        && volume.getName().equals("natives")
                        && volume.getEmptyDir().getSizeLimit().toString().equals("2Gi"));

        String settings = of("ConfigMap").path("data").path("spark.properties").asText();
        assertThat(settings)
                .contains("spark.authenticate=true")
                .contains("spark.network.crypto.enabled=true")
                .contains("spark.task.cpus=8")
                .contains("spark.executor.memoryOverhead=6g")
                .doesNotContain("secret");
    }

    private JsonNode of(String kind) {
        return created.stream()
                .filter(made -> made.path("kind").asText().equals(kind))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void whatDriversAreAllowedIsWrittenAsKubernetesWantsIt() throws Exception {
        List<String> kinds = new ArrayList<>();
        String all = Files.readString(Path.of("kubernetes", "rbac.yaml"), StandardCharsets.UTF_8);
        for (String document : all.split("(?m)^---$", -1)) {
            Object made = KUBERNETES.unmarshal(document);
            assertThat(Unknown.fields(made)).isEmpty();
            kinds.add(made.getClass().getSimpleName());
        }
        assertThat(kinds).containsExactly("Namespace", "ServiceAccount", "Role", "RoleBinding");
        assertThat(Unknown.fields(KUBERNETES.unmarshal("apiVersion: v1\nkind: Pod\nspec:\n  containres: []\n")))
                .as("this test can fail")
                .containsExactly("spec.containres");
    }

    /** Fields that the types of Kubernetes' objects have no place for. */
    private static final class Unknown {
        static List<String> fields(Object object) {
            List<String> found = new ArrayList<>();
            collect(object, "", found);
            return found;
        }

        private static void collect(Object object, String path, List<String> found) {
            if (object instanceof List<?> list) {
                for (Object element : list) {
                    collect(element, path, found);
                }
            } else if (object != null && object.getClass().getName().startsWith("io.fabric8.kubernetes.api.model")) {
                for (var method : object.getClass().getMethods()) {
                    if (method.getParameterCount() > 0 || !method.getName().startsWith("get")) {
                        continue;
                    }
                    Object value = value(method, object);
                    if (method.getName().equals("getAdditionalProperties")) {
                        ((Map<?, ?>) value).keySet().forEach(key -> found.add(path + key));
                    } else {
                        String name = method.getName().substring(3);
                        collect(value, path + Character.toLowerCase(name.charAt(0)) + name.substring(1) + ".", found);
                    }
                }
            }
        }

        private static Object value(java.lang.reflect.Method method, Object object) {
            try {
                return method.invoke(object);
            } catch (ReflectiveOperationException impossible) {
                throw new IllegalStateException(impossible);
            }
        }
    }
}
