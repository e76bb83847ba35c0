package io.resnetspark.deploy.reference;

import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.cli.Main;
import io.resnetspark.image.ImageCodec;
import io.resnetspark.image.SyntheticImages;
import io.resnetspark.model.Network;
import io.resnetspark.prepare.SyntheticCorpora;
import io.resnetspark.train.SmallRecipe;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The pages of docs/extending: what they quote is the code, and their complete examples work as the pages say. */
class TestExtending {
    private static final int SCREEN = 90;
    private static final Pattern QUOTE = Pattern.compile("<!-- from (\\S+) -->\n\n```java\n(.*?)```", Pattern.DOTALL);

    @TempDir
    Path folder;

    private String out;
    private String err;

    private int run(String... words) {
        StringWriter told = new StringWriter();
        StringWriter wrong = new StringWriter();
        CommandLine command = Main.commandLine();
        command.setOut(new PrintWriter(told, true));
        command.setErr(new PrintWriter(wrong, true));
        int code = command.execute(words);
        out = told.toString();
        err = wrong.toString();
        return code;
    }

    private String at(String name) {
        return folder.resolve(name).toString();
    }

    private static List<Path> pages() throws IOException {
        try (Stream<Path> pages = Files.list(Extension.PAGES)) {
            return pages.sorted().toList();
        }
    }

    @Test
    void whatAPageQuotesIsTheCode() throws IOException {
        int quotes = 0;
        List<String> wrong = new ArrayList<>();
        for (Path page : pages()) {
            String text = Files.readString(page);
            assertThat(text.lines().count()).as("%s is short", page).isLessThan(SCREEN);
            for (MatchResult quote : QUOTE.matcher(text).results().toList()) {
                List<String> code = Files.readAllLines(Document.ROOT.resolve(quote.group(1)));
                quote.group(2)
                        .lines()
                        .filter(line -> !code.contains(line))
                        .forEach(line -> wrong.add(page.getFileName() + ": not in " + quote.group(1) + ": " + line));
                quotes++;
            }
        }
        assertThat(wrong).isEmpty();
        assertThat(quotes).as("the search finds them").isGreaterThan(8);
    }

    @Test
    void aDataSourceInAJarIsPreparedFrom() throws Exception {
        Extension extension = Extension.of("data-source.md", folder);
        Path images = Files.createDirectories(folder.resolve("images"));
        for (int label = 0; label < 2; label++) {
            for (int i = 0; i < 12; i++) {
                Files.write(
                        images.resolve(List.of("cat", "dog").get(label) + "_" + i + ".png"),
                        ImageCodec.png(SyntheticImages.ofClass(label, 40, 40, 100L * label + i)));
            }
        }
        String[] prepare = {"prepare", "--from", images.toString(), "--output", at("data"), "--source", "flat"};
        assertThat(run(prepare)).isEqualTo(2);
        assertThat(err).contains("The source 'flat' is not known; known are binary-file, ");
        assertThat(extension.<Integer>within(() -> run(prepare))).as(err).isZero();
        assertThat(out).contains("24 found: 24 read").contains("2 classes");
        assertThat(extension.<Integer>within(() -> run("prepare", "--help"))).isZero();
        assertThat(out)
                .containsPattern("cifar10,\\s+flat,\\s+folders")
                .containsPattern("flat +one folder of files CLASS_ANYTHING");
        assertThat(run("data", "describe", at("data"))).isZero();
        assertThat(out).contains("cat").contains("dog");
    }

    @Test
    void anAugmentationInAJarIsTrainedWith() throws Exception {
        Extension extension = Extension.of("augmentation.md", folder);
        Path corpus = SyntheticCorpora.folders(folder.resolve("corpus"), 8, 2, 36);
        assertThat(run("prepare", "--from", corpus.toString(), "--output", at("data")))
                .as(err)
                .isZero();
        String list = "augmentation = [ { kind = grayscale, p = 1 }, { kind = random-resized-crop } ]";
        Path recipe = Files.writeString(
                folder.resolve("gray.conf"),
                SmallRecipe.TEXT.replaceFirst("augmentation = .*", list).replace("epochs = 8", "epochs = 1"));
        String[] preview = {"data", "preview", at("data"), "--recipe", recipe.toString(), "--output", at("sheet.png")};
        assertThat(run(preview)).isEqualTo(2);
        assertThat(err).contains("gray.conf:5: data.augmentation.kind = grayscale; allowed is one of center-crop, ");
        assertThat(extension.<Integer>within(() -> run(preview))).as(err).isZero();
        BufferedImage sheet = ImageIO.read(folder.resolve("sheet.png").toFile());
        int pixel = sheet.getRGB(8 + 16, 8 + 16);
        assertThat((pixel >> 16) & 0xff).isEqualTo((pixel >> 8) & 0xff).isEqualTo(pixel & 0xff);
        String[] train = {"train", recipe.toString(), "--data", at("data"), "--output", at("run")};
        assertThat(extension.<Integer>within(() -> run(train))).as(err).isZero();
        assertThat(Files.readString(folder.resolve("run/model/recipe.conf"))).contains("grayscale");
        // A model says how it was trained; to use it, nothing of that is needed.
        assertThat(run("evaluate", at("run"), "--data", at("data"))).as(err).isZero();
    }

    @Test
    void aNetworkOfAnotherFamilyIsAClass() throws Exception {
        Extension extension = Extension.of("network.md", folder);
        Network tiny = extension.within(() -> Class.forName(
                        "com.example.TinyNetwork", true, Thread.currentThread().getContextClassLoader())
                .asSubclass(Network.class)
                .getConstructor(String.class, int.class, int.class)
                .newInstance("tiny", 16, 10));
        assertThat(tiny.summary().parameters()).isEqualTo(3 * 3 * 3 * 16 + 2 * 16 + 16 * 10 + 10);
        assertThat(tiny.summary().layers()).isEqualTo(2);
    }
}
