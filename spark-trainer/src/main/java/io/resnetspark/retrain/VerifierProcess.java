package io.resnetspark.retrain;

import io.resnetspark.dataset.Example;
import io.resnetspark.image.BadImageException;
import io.resnetspark.storage.Json;
import io.resnetspark.storage.Utf8FileNames;
import io.resnetspark.train.artifact.ImageClassifier;
import io.resnetspark.train.artifact.ModelArtifact;
import io.resnetspark.train.checkpoint.ShutdownHook;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;

/** Loads published bytes in a process that knows nothing of this one, and predicts with them. */
final class VerifierProcess {
    private static final long TIMEOUT_SECONDS = 300;
    /** Between processes with other numbers of threads. */
    private static final double TOLERANCE = 1e-4;

    /** By SIGINT and SIGTERM. */
    private static final Set<Integer> STOPPED = Set.of(130, 143);

    private static final int LAST_WORDS = 2000;

    private final Configuration conf;

    VerifierProcess(Configuration conf) {
        this.conf = conf;
    }

    /**
     * Compares what published bytes say of images with what the trained model does.
     *
     * @return what is wrong; nothing if all is well
     * @throws IOException if it could not be tried
     */
    Optional<String> problem(String published, ModelArtifact trained, List<Example> images) throws IOException {
        Path folder = Files.createTempDirectory("resnet-check");
        try {
            Path request = folder.resolve("request.json");
            Path answer = folder.resolve("answer.json");
            Files.write(request, Json.COMPACT.writeValueAsBytes(request(published, images, folder)));
            Path out = folder.resolve("out");
            Path err = folder.resolve("err");
            try (OutputStream settings = Files.newOutputStream(folder.resolve("core-site.xml"))) {
                conf.writeXml(settings); // as Spark has them
            }
            ProcessBuilder builder = new ProcessBuilder(command(folder, request, answer))
                    .redirectOutput(out.toFile())
                    .redirectError(err.toFile());
            Utf8FileNames.putLocale(builder.environment());
            Process process = builder.start();
            try (ShutdownHook ignored = ShutdownHook.register(process::destroy)) {
                if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                    throw new IOException(
                            "A fresh process did not load " + published + " within " + TIMEOUT_SECONDS + " s");
                }
            }
            if (STOPPED.contains(process.exitValue())) {
                Thread.sleep(
                        1000); // Ctrl-C and systemd end all processes at once, and it may be that this one is next.
            }
            if (process.exitValue() != 0) { // which may be the machine's fault: it is tried again
                throw new IOException("A fresh process could not load " + published + ": " + end(out) + end(err));
            }
            ModelVerifier.Answer found = Json.COMPACT.readValue(Files.readAllBytes(answer), ModelVerifier.Answer.class);
            return differs(found.predictions(), new ImageClassifier(trained), images);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", interrupted);
        } catch (BadImageException unreadable) {
            return Optional.of("an image of the dataset cannot be read: " + unreadable.getMessage());
        } finally {
            delete(folder);
        }
    }

    private static ModelVerifier.Request request(String published, List<Example> images, Path folder)
            throws IOException {
        List<String> files = new ArrayList<>();
        for (int i = 0; i < images.size(); i++) {
            Path file = folder.resolve(i + ".image");
            files.add(Files.write(file, images.get(i).bytes()).toString());
        }
        return new ModelVerifier.Request(published, files);
    }

    private static Optional<String> differs(
            List<ImageClassifier.Prediction> said, ImageClassifier trained, List<Example> images)
            throws BadImageException {
        for (int i = 0; i < images.size(); i++) {
            ImageClassifier.Prediction wanted =
                    trained.classify(images.get(i).bytes(), 1).get(0);
            ImageClassifier.Prediction found = said.get(i);
            boolean same = found.label().equals(wanted.label())
                    && Math.abs(found.probability() - wanted.probability()) <= TOLERANCE;
            if (!same) {
                return Optional.of("a fresh process says " + found + " of "
                        + images.get(i).key() + ", the trained model " + wanted);
            }
        }
        return Optional.empty();
    }

    /** The last words of a file. */
    private static String end(Path file) throws IOException {
        String all = new String(Files.readAllBytes(file), StandardCharsets.UTF_8); // whatever it said
        return all.substring(Math.max(0, all.length() - LAST_WORDS));
    }

    private static List<String> command(Path settings, Path request, Path answer) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(argument -> argument.startsWith("--add-opens") || argument.startsWith("-D"))
                .filter(argument -> !argument.startsWith("-Dcom.sun.management")) // whose port is taken
                .forEach(command::add);
        command.addAll(List.of("-cp", settings + File.pathSeparator + classPath(), ModelVerifier.class.getName()));
        command.addAll(List.of(request.toString(), answer.toString()));
        return command;
    }

    /** Also what spark-submit added after the start. */
    private static String classPath() {
        List<String> places = new ArrayList<>();
        for (ClassLoader loader = VerifierProcess.class.getClassLoader(); loader != null; loader = loader.getParent()) {
            if (loader instanceof URLClassLoader added) {
                Stream.of(added.getURLs()).map(VerifierProcess::file).forEach(places::add);
            }
        }
        places.add(System.getProperty("java.class.path"));
        return String.join(File.pathSeparator, places);
    }

    private static String file(URL url) {
        try {
            return Path.of(url.toURI()).toString();
        } catch (URISyntaxException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
