package io.resnetspark.cli;

import java.awt.image.BufferedImage;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.jar.JarFile;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * Does what commands do, on a few generated images, so that the JVM can note the classes that they load. {@code
 * scripts/class-archive} makes an archive of these, with which later commands start sooner.
 */
@Command(name = "rehearse", hidden = true, description = "Loads the classes of the usual commands.")
final class RehearseCommand implements Callable<Integer> {
    private static final String RECIPE = """
            network = resnet20
            seed = 1
            data {
              image-size = 32
              augmentation = [ { kind = random-crop, padding = 2 }, { kind = horizontal-flip } ]
              mean = per-channel
              evaluation-resize = 32
            }
            workers = 1
            batch-size = 4
            steps-per-round = 2
            epochs = 1
            momentum = 0.9
            weight-decay = 1e-4
            learning-rate { kind = cosine, initial = 0.01, warm-up-epochs = 0.5 }
            """;

    private static final Pattern VERSIONED = Pattern.compile("META-INF/versions/[0-9]+/(.*)\\.class");

    private static final String PROXY = "@lambda-proxy ";

    @Parameters(paramLabel = "FOLDER", description = "An empty folder to work in.")
    Path folder;

    @Option(
            names = "--class-list",
            paramLabel = "FILE",
            description =
                    "What -XX:DumpLoadedClassList writes; what an archive can be made of goes to FILE.archivable.")
    Path classList;

    @Override
    public Integer call() throws IOException {
        for (String label : List.of("one", "two")) {
            for (int i = 0; i < 8; i++) {
                paint(at("corpus/train/" + label + "/" + i + ".jpg"), i);
                paint(at("corpus/val/" + label + "/" + i + ".png"), i + 8);
            }
        }
        Files.writeString(at("recipe.conf"), RECIPE);
        run("--help");
        run("networks");
        run("prepare", "--from", place("corpus"), "--output", place("data"), "--duplicates", "keep");
        run("data", "describe", place("data"));
        run("train", place("recipe.conf"), "--data", place("data"), "--output", place("run"));
        run("evaluate", place("run"), "--data", place("data"));
        run("models", "publish", place("run"), "--registry", place("models"), "--name", "rehearsed");
        run("models", "list", "--registry", place("models"));
        String model = place("models") + "#rehearsed";
        run("predict", model, place("corpus/train/one/0.jpg"), place("corpus/val/one/0.png"));
        if (classList != null) {
            writeArchivable();
        }
        return 0;
    }

    private Path at(String name) {
        return folder.resolve(name);
    }

    private String place(String name) {
        return at(name).toAbsolutePath().toString();
    }

    private static void paint(Path file, int seed) throws IOException {
        Files.createDirectories(file.getParent());
        BufferedImage image = new BufferedImage(40, 40, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < 40; y++) {
            for (int x = 0; x < 40; x++) {
                image.setRGB(x, y, (((x * 5 + seed * 11) & 255) << 16) | ((y * 6) << 8) | (seed * 15));
            }
        }
        String name = file.toString();
        ImageIO.write(image, name.substring(name.lastIndexOf('.') + 1), file.toFile());
    }

    private static void run(String... words) throws IOException {
        CommandLine command = Main.commandLine();
        command.setOut(new PrintWriter(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8));
        int code = command.execute(words);
        if (code != 0) {
            throw new IOException("'" + String.join(" ", words) + "' ended with " + code);
        }
    }

    /**
     * Leaves out the classes that a jar keeps for newer Javas (META-INF/versions): JDK 17 seeks them at the usual place
     * when an agent or the flight recorder asks for the bytes of an archived class, finds nothing, and crashes.
     */
    private void writeArchivable() throws IOException {
        Set<String> versioned = new HashSet<>();
        for (Path place : classPath()) {
            try (JarFile jar = new JarFile(place.toFile())) {
                jar.stream().forEach(entry -> {
                    Matcher matcher = VERSIONED.matcher(entry.getName());
                    if (matcher.matches()) {
                        versioned.add(matcher.group(1));
                    }
                });
            }
        }
        try (Stream<String> lines = Files.lines(classList)) {
            Files.write(
                    Path.of(classList + ".archivable"),
                    lines.filter(line -> !versioned.contains(className(line))).toList());
        }
    }

    private static List<Path> classPath() {
        return Pattern.compile(File.pathSeparator, Pattern.LITERAL)
                .splitAsStream(System.getProperty("java.class.path"))
                .map(Path::of)
                .toList();
    }

    /** Lines are a class each, or "@lambda-proxy" and the class that the proxy is of. */
    private static String className(String line) {
        String rest = line.startsWith(PROXY) ? line.substring(PROXY.length()) : line;
        return rest.substring(0, (rest + " ").indexOf(' '));
    }
}
