package io.resnetspark.deploy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Runs pods as processes of this machine: what the image has (deploy/kubernetes/Dockerfile) lies in a folder, what pods
 * mount in a folder of each, and paths in arguments, environment and settings are told accordingly; names of services are
 * this machine.
 */
final class Kubelet implements AutoCloseable {
    private static final String SERVICES = "[a-z0-9-]+-svc\\.[a-z]+\\.svc";

    private final Path folder;
    private final Path image;
    private final ApiServer api;
    private final Map<String, Process> running = new ConcurrentHashMap<>();
    private final Set<String> gone = ConcurrentHashMap.newKeySet();

    Kubelet(Path folder, Path sparkHome) throws IOException, InterruptedException {
        this.folder = folder;
        this.image = image(Files.createDirectories(folder.resolve("image")), sparkHome);
        this.api = ApiServer.start((pod, comes) -> {
            if (comes) {
                new Thread(() -> start(pod), "pod " + ApiServer.name(pod)).start();
            } else {
                end(ApiServer.name(pod));
            }
        });
    }

    /** What the Dockerfile does, with links instead of copies. */
    private static Path image(Path image, Path sparkHome) throws IOException, InterruptedException {
        Path jars = Files.createDirectories(image.resolve("opt/spark/jars"));
        Files.createSymbolicLink(image.resolve("opt/spark/bin"), sparkHome.resolve("bin"));
        List<Path> all = new ArrayList<>();
        try (var own = Files.list(sparkHome.resolve("jars"))) {
            own.forEach(all::add);
        }
        String lacking = Command.run(Map.of("SPARK_HOME", sparkHome.toString()), "scripts/submit", "--print-jars")
                .ok()
                .out();
        for (String jar : lacking.strip().split(",", -1)) {
            all.add(Path.of(jar));
        }
        for (Path jar : all) {
            Files.createSymbolicLink(jars.resolve(jar.getFileName()), jar.toAbsolutePath());
        }
        Path ours = Files.createDirectories(image.resolve("opt/resnet-spark"));
        Path built = Path.of("target", "deploy-classes.jar").toAbsolutePath();
        Files.createSymbolicLink(ours.resolve("deploy-classes.jar"), built);
        Files.createSymbolicLink(
                ours.resolve("recipes"),
                Path.of("..", "recipes").toAbsolutePath().normalize());
        for (String script : List.of("kubernetes/entrypoint.sh", "standalone/gpus.sh")) {
            Path there = Path.of(script).toAbsolutePath();
            Files.createSymbolicLink(image.resolve("opt").resolve(there.getFileName()), there);
        }
        Path bin = Files.createDirectories(image.resolve("bin"));
        script(bin.resolve("tini"), "while [ \"$1\" != -- ]; do shift; done; shift; exec \"$@\"");
        script(bin.resolve("nvidia-smi"), "echo 7"); // a machine that has a GPU, and no driver for it
        return image;
    }

    private static void script(Path file, String text) throws IOException {
        Files.writeString(file, "#!/bin/sh\n" + text + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    ApiServer api() {
        return api;
    }

    /** What a pod printed. */
    String log(String pod) throws IOException {
        return Files.readString(folder.resolve(pod + ".log"));
    }

    /** A pod's process; null before it runs. */
    Process process(String pod) {
        return running.get(pod);
    }

    private void start(ObjectNode pod) {
        String name = ApiServer.name(pod);
        JsonNode container = pod.path("spec").path("containers").get(0);
        try {
            Map<String, Path> places = mount(pod, container);
            List<String> words = new ArrayList<>();
            words.add(image.resolve("opt/entrypoint.sh").toString());
            container.path("args").forEach(word -> words.add(here(word.asText(), places)));
            ProcessBuilder builder = new ProcessBuilder(words)
                    .directory(Files.createDirectories(folder.resolve(name)).toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(folder.resolve(name + ".log").toFile());
            Map<String, String> environment = builder.environment();
            environment.remove("OMP_NUM_THREADS"); // which surefire set for itself
            environment.put(
                    "PATH", image.resolve("bin") + ":" + System.getProperty("java.home") + "/bin:/usr/bin:/bin");
            environment.put("SPARK_HOME", image.resolve("opt/spark").toString());
            environment.put("SPARK_SCALA_VERSION", "2.12");
            for (JsonNode variable : container.path("env")) {
                environment.put(variable.path("name").asText(), here(value(variable, name), places));
            }
            Process process = builder.start();
            running.put(name, process);
            if (gone.contains(name)) { // while it was being made ready
                end(name);
            }
            status(pod, "Running", null);
            int code = process.waitFor();
            status(pod, code == 0 ? "Succeeded" : "Failed", code);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static String value(JsonNode variable, String pod) {
        return switch (variable.path("valueFrom")
                .path("fieldRef")
                .path("fieldPath")
                .asText()) {
            case "status.podIP" -> "127.0.0.1";
            case "metadata.name" -> pod;
            default -> variable.path("value").asText();
        };
    }

    /** The image's folders and the pod's volumes, by the paths that the pod knows. */
    private Map<String, Path> mount(ObjectNode pod, JsonNode container) throws IOException, InterruptedException {
        Map<String, Path> places = new TreeMap<>();
        places.put("/opt/spark", image.resolve("opt/spark"));
        places.put("/opt/resnet-spark", image.resolve("opt/resnet-spark"));
        places.put("/opt/gpus.sh", image.resolve("opt/gpus.sh"));
        Map<Path, ObjectNode> files = new TreeMap<>();
        for (JsonNode mount : container.path("volumeMounts")) {
            String where = mount.path("mountPath").asText();
            Path here = Files.createDirectories(folder.resolve(ApiServer.name(pod) + where));
            places.put(where, here);
            for (JsonNode volume : pod.path("spec").path("volumes")) {
                if (volume.path("name").equals(mount.path("name")) && volume.has("configMap")) {
                    files.put(
                            here, awaitMap(volume.path("configMap").path("name").asText()));
                }
            }
        }
        for (Map.Entry<Path, ObjectNode> map : files.entrySet()) {
            for (var file : map.getValue().path("data").properties()) {
                Files.writeString(
                        map.getKey().resolve(file.getKey()),
                        here(file.getValue().asText(), places));
            }
        }
        return places;
    }

    /** Pods may come before what they mount. */
    private ObjectNode awaitMap(String name) throws InterruptedException {
        for (int tries = 0; tries < 600; tries++) {
            if (api.find("ConfigMap", name).isPresent()) {
                return api.find("ConfigMap", name).get();
            }
            Thread.sleep(100);
        }
        throw new AssertionError("nobody made the config map " + name);
    }

    /** With the paths and names of this machine. */
    private static String here(String text, Map<String, Path> places) {
        String paths = places.keySet().stream()
                .sorted((one, other) -> Integer.compare(other.length(), one.length()))
                .map(Pattern::quote)
                .collect(Collectors.joining("|", "(?<![\\w.-])(", ")(?![\\w-])"));
        return Pattern.compile(paths)
                .matcher(text.replaceAll(SERVICES, "127.0.0.1"))
                .replaceAll(found ->
                        Matcher.quoteReplacement(places.get(found.group(1)).toString()));
    }

    /** @param code null while it runs */
    private void status(ObjectNode pod, String phase, Integer code) {
        ObjectNode status = pod.putObject("status").put("phase", phase).put("podIP", "127.0.0.1");
        status.putArray("conditions").addObject().put("type", "Ready").put("status", code == null ? "True" : "False");
        ObjectNode state = status.putArray("containerStatuses")
                .addObject()
                .put(
                        "name",
                        pod.path("spec").path("containers").get(0).path("name").asText())
                .put("ready", code == null)
                .putObject("state");
        if (code == null) {
            state.putObject("running");
        } else {
            state.putObject("terminated").put("exitCode", code).put("reason", code == 0 ? "Completed" : "Error");
        }
    }

    private void end(String pod) {
        gone.add(pod);
        Process process = running.get(pod);
        if (process != null) {
            process.descendants().forEach(ProcessHandle::destroy);
            process.destroy();
        }
    }

    @Override
    public void close() {
        api.close();
        for (Process process : running.values()) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }
}
