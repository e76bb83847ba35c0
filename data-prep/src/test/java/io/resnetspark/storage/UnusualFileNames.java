package io.resnetspark.storage;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.List;

/** File names that a disk allows and programs often mishandle. */
public final class UnusualFileNames {
    /** Two Latin-1 names: their bytes are not UTF-8. */
    private static final List<String> LATIN = List.of("caf%E9.jpg", "caf%E8.jpg");

    private UnusualFileNames() {}

    /** Names that a person or a camera might choose, and a few malicious ones. */
    public static List<String> all() {
        return List.of(
                "IMG 12:30:45.jpg",
                "C:x.jpg",
                "file:x.jpg",
                "a:",
                "100%.jpg",
                "a%20b.jpg",
                "%zz",
                "#1.jpg",
                "what?.jpg",
                "*.jpg",
                "{a,b}.jpg",
                "[1].jpg",
                "new\nline.jpg",
                "carriage\rreturn.jpg",
                "tab\tname.jpg",
                "\u001b[31mred.jpg",
                "\"quoted\".jpg",
                "it's.jpg",
                "back\\slash.jpg",
                "-x.jpg",
                "--help",
                "@x.jpg",
                "~",
                "$HOME.jpg",
                "&;|<>.jpg",
                " lead.jpg",
                "trail.jpg ",
                "nbsp\u00a0.jpg",
                "separator\u2028.jpg",
                Normalizer.normalize("é.jpg", Normalizer.Form.NFC),
                Normalizer.normalize("é.jpg", Normalizer.Form.NFD),
                "plage à Nice 0.jpg",
                "猫.jpg",
                "🐈.jpg",
                "lost\uFFFD.jpg",
                "x".repeat(251) + ".jpg",
                "é".repeat(125) + ".jpg");
    }

    /**
     * Writes a file of each unusual name that this disk allows, and two with Latin-1 names.
     *
     * @return the number of files
     */
    public static int write(Path folder, Content content) throws IOException {
        Files.createDirectories(folder);
        int written = 0;
        for (String name : all()) {
            written += write(folder, encoded(name), content.of(written));
        }
        for (String name : LATIN) {
            written += write(folder, name, content.of(written));
        }
        return written;
    }

    /** The content of the file of this number. */
    @FunctionalInterface
    public interface Content {
        byte[] of(int number) throws IOException;
    }

    private static int write(Path folder, String encoded, byte[] content) {
        try {
            Files.write(Path.of(URI.create(folder.toUri() + encoded)), content);
            return 1;
        } catch (IOException | IllegalArgumentException refusedByTheDisk) {
            return 0;
        }
    }

    private static String encoded(String name) {
        StringBuilder encoded = new StringBuilder();
        for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
            encoded.append(String.format("%%%02X", b));
        }
        return encoded.toString();
    }
}
