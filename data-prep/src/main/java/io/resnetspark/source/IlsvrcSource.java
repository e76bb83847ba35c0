package io.resnetspark.source;

import io.resnetspark.dataset.Split;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Remedy;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * ImageNet's ILSVRC2012 as downloaded, or unpacked: ILSVRC2012_img_train.tar (a tar of WNID.tar), or train/WNID/ or
 * train/WNID.tar; ILSVRC2012_img_val.tar, or val/ with the images in it or in class folders. If validation images are
 * not in class folders, their labels come from the devkit. Classes are WNIDs in alphabetical order, the usual
 * numbering.
 */
public final class IlsvrcSource implements SourceProvider {
    private static final String TRAIN_TAR = "ILSVRC2012_img_train.tar";
    private static final String VAL_TAR = "ILSVRC2012_img_val.tar";
    private static final Pattern VAL_NAME = Pattern.compile("ILSVRC2012_val_([0-9]{8})\\.JPEG");
    private static final Pattern WNID = Pattern.compile("n[0-9]{8}");
    private static final int SIDE = 224;
    private static final long CHUNK_BYTES = 64L << 20;

    @Override
    public String name() {
        return "ilsvrc";
    }

    @Override
    public String description() {
        return "ImageNet's archives, or unpacked";
    }

    @Override
    public Source open(Path root, Configuration conf) throws IOException {
        IlsvrcDevkit devkit = IlsvrcDevkit.find(root, conf);
        TrainingFiles train = TrainingFiles.find(root, conf);
        List<String> classes = classes(root, train, devkit);
        List<Source.Listing> listings = new ArrayList<>();
        train.tars().forEach(tar -> {
            int label = classes.indexOf(wnid(tar.name()));
            listings.add(new WholeTar(tar, new ClassLabeller(wnid(tar.name()), label)));
        });
        addFolders(new Path(root, "train"), Split.TRAIN, train.folders(), classes, listings);
        addValidation(root, classes, devkit, listings, conf);
        return new Source(
                "ILSVRC2012 at " + root,
                classes,
                SIDE,
                listings,
                devkit == null
                        ? Map.of()
                        : Map.of(Split.VAL, (long) devkit.groundTruth().size()),
                true,
                List.of());
    }

    private static List<String> classes(Path root, TrainingFiles train, IlsvrcDevkit devkit) {
        TreeSet<String> found = new TreeSet<>();
        train.tars().forEach(tar -> found.add(wnid(tar.name())));
        train.folders().forEach(folder -> found.add(folder.getPath().getName()));
        for (String name : found) {
            if (!WNID.matcher(name).matches()) {
                throw new BadInputException(
                        root + " has a class '" + name
                                + "' to train on, which is no WNID such as n01440764, as classes of ILSVRC2012 are.",
                        List.of(Remedy.of(Remedy.Kind.OTHER_SOURCE, "folders")));
            }
        }
        if (devkit == null) {
            return List.copyOf(found);
        }
        List<String> known = devkit.wnids().values().stream().sorted().toList();
        found.removeAll(known);
        if (!found.isEmpty()) {
            throw new BadInputException(
                    root + " has classes to train on that its devkit does not know: " + found + ".");
        }
        return known;
    }

    /** Adds class folders, and the files beside them, which are only counted. */
    private static void addFolders(
            Path place, Split split, List<FileStatus> folders, List<String> classes, List<Source.Listing> listings) {
        if (folders.isEmpty()) {
            return;
        }
        String prefix = split.folder() + "/";
        for (FileStatus each : folders) {
            int label = classes.indexOf(each.getPath().getName());
            listings.add(ClassFolder.of(each, prefix, split, label));
        }
        listings.add(new ClassFolder.OtherFiles(
                place.toUri().toString(),
                prefix,
                folders.stream().map(each -> each.getPath().getName()).collect(Collectors.toSet())));
    }

    /** Adds the validation images. */
    private static void addValidation(
            Path root, List<String> classes, IlsvrcDevkit devkit, List<Source.Listing> listings, Configuration conf)
            throws IOException {
        FileSystem files = root.getFileSystem(conf);
        Path tar = new Path(root, VAL_TAR);
        Path folder = new Path(root, "val");
        if (files.exists(tar)) {
            TarArchive whole = TarArchive.of(files.getFileStatus(tar));
            ValidationLabeller labels = ValidationLabeller.of(devkit, classes, tar);
            listings.add(somewhere -> whole.chunks(CHUNK_BYTES, somewhere).stream()
                    .map(chunk -> (InputUnit) new TarImages(chunk, labels))
                    .iterator());
            return;
        }
        if (!files.exists(folder)) {
            throw new BadInputException(root + " has no validation images; wanted " + VAL_TAR + " or a folder val.");
        }
        List<FileStatus> folders = validationFolders(folder, conf);
        if (folders.isEmpty()) {
            listings.add(new FlatFolder(folder.toUri().toString(), ValidationLabeller.of(devkit, classes, folder)));
        }
        addFolders(folder, Split.VAL, folders, classes, listings);
    }

    /**
     * The class folders of val; none if the images lie in val itself.
     *
     * @throws BadInputException if there are both, of which one would be left out
     */
    private static List<FileStatus> validationFolders(Path val, Configuration conf) throws IOException {
        List<FileStatus> folders = Sources.folders(val, conf);
        if (!FolderLayout.holdsImages(val, conf)) {
            return folders;
        }
        for (FileStatus below : folders) {
            if (FolderLayout.holdsFiles(below, conf)) {
                throw new BadInputException(val + " holds images of its own and folders of images, such as "
                        + below.getPath().getName() + ". Move the images into their class folders, or all images of the"
                        + " folders into " + val + " itself (the devkit tells their classes then). Was a script that"
                        + " sorts them interrupted?");
            }
        }
        return List.of();
    }

    private static String wnid(String tarName) {
        return tarName.replaceFirst(".*/", "").replaceFirst("\\.tar$", "");
    }

    /** Training images in one of their forms: one tar per class, or folders. */
    private record TrainingFiles(List<TarArchive> tars, List<FileStatus> folders) {
        static TrainingFiles find(Path root, Configuration conf) throws IOException {
            FileSystem files = root.getFileSystem(conf);
            Path packed = new Path(root, TRAIN_TAR);
            Path folder = new Path(root, "train");
            if (files.exists(packed)) {
                return new TrainingFiles(
                        TarArchive.of(files.getFileStatus(packed)).nestedArchives(conf), List.of());
            }
            if (!files.exists(folder)) {
                throw new BadInputException(
                        root + " has no images to train on; wanted " + TRAIN_TAR + " or a folder train.");
            }
            try (Stream<FileStatus> all = Sources.stream(folder, conf)) {
                List<TarArchive> tars = all.filter(
                                file -> file.getPath().getName().endsWith(".tar"))
                        .map(TarArchive::of)
                        .toList();
                if (FolderLayout.holdsImages(folder, conf)) {
                    throw new BadInputException(folder + " holds images of its own, which would be left out. Move them"
                            + " into the folders of their classes, such as " + folder + "/n01440764.");
                }
                List<FileStatus> folders = Sources.folders(folder, conf);
                if (!tars.isEmpty() && !folders.isEmpty()) {
                    throw new BadInputException(folder + " has " + tars.size() + " archives and " + folders.size()
                            + " folders, which may hold the same images. Leave one form of it.");
                }
                return new TrainingFiles(tars, folders);
            }
        }
    }

    private record WholeTar(TarArchive tar, TarImages.Labeller labeller) implements Source.Listing {
        @Override
        public Iterator<InputUnit> units(Configuration conf) throws IOException {
            return List.<InputUnit>of(new TarImages(tar.requireComplete(conf), labeller))
                    .iterator();
        }
    }

    private record ClassLabeller(String wnid, int label) implements TarImages.Labeller {
        @Override
        public SourceImage label(String name, byte[] bytes) {
            return new SourceImage("train/" + wnid + "/" + name, Split.TRAIN, label, bytes);
        }
    }

    /** Labels by the number in an image's name; -1 if the devkit has none. */
    @SuppressWarnings("ArrayRecordComponent") // carried, never compared
    private record ValidationLabeller(int[] labels) implements TarImages.Labeller {
        static ValidationLabeller of(IlsvrcDevkit devkit, List<String> classes, Path images) {
            if (devkit == null) {
                throw new BadInputException("The images of " + images + " are not in class folders, and there is no"
                        + " ILSVRC2012_devkit_t12.tar.gz beside it to tell their classes. Put it there.");
            }
            return new ValidationLabeller(devkit.groundTruth().stream()
                    .mapToInt(number -> classes.indexOf(devkit.wnids().getOrDefault(number, "")))
                    .toArray());
        }

        int label(String name) {
            Matcher matcher = VAL_NAME.matcher(name);
            int number = matcher.matches() ? Integer.parseInt(matcher.group(1)) : 0;
            return number < 1 || number > labels.length ? -1 : labels[number - 1];
        }

        @Override
        public SourceImage label(String name, byte[] bytes) {
            int label = label(name);
            return label < 0
                    ? SourceImage.unusable("val/" + name, Split.VAL, bytes, "the ground truth has no class for it")
                    : new SourceImage("val/" + name, Split.VAL, label, bytes);
        }
    }

    private record FlatFolder(String uri, ValidationLabeller labels) implements Source.Listing {
        @Override
        public Iterator<InputUnit> units(Configuration conf) throws IOException {
            return Sources.stream(new Path(URI.create(uri)), conf)
                    .filter(FileStatus::isFile)
                    .map(file -> {
                        String name = file.getPath().getName();
                        return (InputUnit) ImageFile.of("val/" + name, Split.VAL, labels.label(name), file);
                    })
                    .iterator();
        }
    }
}
