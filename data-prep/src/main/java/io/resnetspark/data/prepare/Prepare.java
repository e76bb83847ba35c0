package io.resnetspark.data.prepare;

import io.resnetspark.data.Progress;
import io.resnetspark.data.Seeds;
import io.resnetspark.data.SourceImage;
import io.resnetspark.data.Split;
import io.resnetspark.data.image.BadImageException;
import io.resnetspark.data.image.Codec;
import io.resnetspark.data.image.Image;
import io.resnetspark.data.image.Resize;
import io.resnetspark.data.shard.Dataset;
import io.resnetspark.data.shard.Dataset.Shard;
import io.resnetspark.data.shard.Example;
import io.resnetspark.data.shard.Shards;
import io.resnetspark.data.source.Source;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Draft;
import io.resnetspark.storage.Floats;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Options.Rename;
import org.apache.hadoop.fs.Path;
import org.apache.spark.Partitioner;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.SerializableConfiguration;
import scala.Tuple2;

/**
 * The job from a corpus to shards: every picture is read and looked at once, good ones are mixed over the shards by the
 * hash of their key, bad ones are set aside, and dataset.json is written last.
 */
public final class Prepare {
    /** Of pictures that are scaled down: far above what the eye or a network notices. */
    private static final float JPEG_QUALITY = 0.95f;

    private final JavaSparkContext spark;
    private final Source source;
    private final Path target;
    private final PrepareSettings settings;

    public Prepare(JavaSparkContext spark, Source source, Path target, PrepareSettings settings) {
        this.spark = spark;
        this.source = source;
        this.target = target;
        this.settings = settings;
    }

    /** @throws BadInputException if too many pictures are bad; nothing is left at the target then */
    public Dataset execute(Progress progress) throws IOException {
        try (Draft draft = Draft.of(target, spark.hadoopConfiguration())) {
            JavaRDD<Checked> checked = check().persist(StorageLevel.DISK_ONLY());
            try {
                Summary summary = summarize(checked, progress);
                refuseTooManyBad(summary, checked);
                Map<String, List<Shard>> splits = new LinkedHashMap<>();
                for (Split split : Split.values()) {
                    splits.put(split.folder(), write(checked, split, summary, draft, progress));
                }
                quarantine(checked, draft);
                sweep(draft);
                Dataset dataset = describe(summary, splits, draft);
                draft.write(Dataset.FILE, dataset.json());
                draft.commit();
                return dataset;
            } finally {
                checked.unpersist();
            }
        }
    }

    private JavaRDD<Checked> check() {
        List<Source.Piece> pieces = source.pieces();
        SerializableConfiguration conf = new SerializableConfiguration(spark.hadoopConfiguration());
        int shorterSide = settings.shorterSide();
        return spark.parallelize(pieces, pieces.size()).flatMap(piece -> {
            Iterator<SourceImage> images = piece.read(conf.value());
            return map(images, image -> check(image, shorterSide));
        });
    }

    private static Checked check(SourceImage found, int shorterSide) {
        try {
            Image image = Codec.decode(found.bytes());
            byte[] bytes = found.bytes();
            if (image.shorterSide() > shorterSide) {
                image = Resize.shorterSide(image, shorterSide);
                bytes = Codec.jpeg(image, JPEG_QUALITY);
            }
            return new Checked(
                    found.split(), new Example(found.key(), found.label(), bytes, image.width(), image.height()), null);
        } catch (BadImageException bad) {
            return new Checked(
                    found.split(), new Example(found.key(), found.label(), found.bytes(), 0, 0), bad.getMessage());
        }
    }

    private Summary summarize(JavaRDD<Checked> checked, Progress progress) {
        int side = source.side();
        try (TaskProgress ignored = TaskProgress.watch(
                spark.sc(), progress.begin("check", "images", source.images()), source.images(), checked)) {
            return checked.treeAggregate(new Summary(side), Summary::add, Summary::merge);
        }
    }

    private void refuseTooManyBad(Summary summary, JavaRDD<Checked> checked) {
        if (summary.bad() > settings.mostBad() * summary.all()) {
            String some = checked.filter(picture -> !picture.isGood()).take(5).stream()
                    .map(picture -> "\n  " + picture.example().key() + ": " + picture.reason())
                    .collect(Collectors.joining());
            throw new BadInputException(String.format(
                    "%d of %d pictures are bad, more than %.1f %%: %s. Some of them:%s%nMend the corpus, or allow more with --most-bad.",
                    summary.bad(), summary.all(), 100 * settings.mostBad(), summary.reasons(), some));
        }
        if (summary.images(Split.TRAIN) == 0) {
            throw new BadInputException("No picture is left to train on.");
        }
    }

    private List<Shard> write(JavaRDD<Checked> checked, Split split, Summary summary, Draft draft, Progress progress) {
        if (summary.images(split) == 0) {
            return List.of();
        }
        int shards = Math.toIntExact((summary.bytes(split) - 1) / settings.shardBytes() + 1);
        String folder = new Path(draft.path(), split.folder()).toString();
        SerializableConfiguration conf = new SerializableConfiguration(spark.hadoopConfiguration());
        JavaPairRDD<Long, Example> mixed = checked.filter(picture -> picture.isGood() && picture.split() == split)
                .mapToPair(picture -> new Tuple2<>(Seeds.hash(picture.example().key()), picture.example()))
                .repartitionAndSortWithinPartitions(new ByHash(shards));
        JavaRDD<Tuple2<String, Shards.Written>> written = mixed.mapPartitions(examples -> {
            int number = TaskContext.getPartitionId();
            String name = String.format(Locale.ROOT, "part-%05d.parquet", number);
            Iterator<Example> rows = map(examples, Tuple2::_2);
            Path file = new Path(folder, name);
            // A retry, or a straggler beside it, must never write into the same file.
            Path attempt = new Path(folder, "." + name + "." + TaskContext.get().taskAttemptId());
            Shards.Written result = Shards.write(rows, attempt, conf.value());
            FileContext.getFileContext(file.toUri(), conf.value()).rename(attempt, file, Rename.OVERWRITE);
            return List.of(new Tuple2<>(split.folder() + "/" + name, result)).iterator();
        });
        try (TaskProgress ignored = TaskProgress.watch(
                spark.sc(), progress.begin("write " + split.folder(), "shards", shards), shards, written)) {
            List<Shard> result = new ArrayList<>();
            for (Tuple2<String, Shards.Written> shard : written.collect()) {
                result.add(new Shard(shard._1, shard._2.examples(), shard._2.digest()));
            }
            return result;
        }
    }

    /** Bad pictures, as they were found, written where they were read; and why each is bad. */
    private void quarantine(JavaRDD<Checked> checked, Draft draft) throws IOException {
        String folder = new Path(draft.path(), "quarantine").toString();
        SerializableConfiguration conf = new SerializableConfiguration(spark.hadoopConfiguration());
        List<String> reasons = checked.filter(picture -> !picture.isGood())
                .map(picture -> {
                    String key = picture.example().key();
                    Path file = new Path(folder, key.replace(':', '-'));
                    try (OutputStream out = Draft.fileSystem(file, conf.value()).create(file, true)) {
                        out.write(picture.example().bytes());
                    }
                    return key + "\t" + picture.reason().replaceAll("\\s+", " ") + "\n";
                })
                .collect();
        if (!reasons.isEmpty()) {
            String table = reasons.stream().sorted().collect(Collectors.joining());
            draft.write("quarantine/reasons.tsv", table.getBytes(StandardCharsets.UTF_8));
        }
    }

    /** What attempts left that failed or were overtaken. */
    private void sweep(Draft draft) throws IOException {
        for (Split split : Split.values()) {
            Path folder = new Path(draft.path(), split.folder());
            FileSystem files = Draft.fileSystem(folder, spark.hadoopConfiguration());
            if (files.exists(folder)) {
                for (FileStatus file :
                        files.listStatus(folder, path -> path.getName().startsWith("."))) {
                    files.delete(file.getPath(), false);
                }
            }
        }
    }

    private Dataset describe(Summary summary, Map<String, List<Shard>> splits, Draft draft) throws IOException {
        draft.write(Dataset.MEAN_IMAGE, Floats.bytes(summary.meanImage()));
        return new Dataset(
                Dataset.FORMAT,
                source.description(),
                Instant.now().toString(),
                source.side(),
                source.classes(),
                splits,
                summary.statistics(),
                summary.reasons(),
                draft.digests().get(Dataset.MEAN_IMAGE));
    }

    private static <A, B> Iterator<B> map(Iterator<A> from, java.util.function.Function<A, B> function) {
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return from.hasNext();
            }

            @Override
            public B next() {
                return function.apply(from.next());
            }
        };
    }

    /** Equal ranges of the hash: the order within and over the shards is that of the hash, so classes are mixed. */
    private static final class ByHash extends Partitioner {
        private static final long serialVersionUID = 1;

        private final int shards;

        ByHash(int shards) {
            this.shards = shards;
        }

        @Override
        public int numPartitions() {
            return shards;
        }

        @Override
        public int getPartition(Object hash) {
            return (int) Math.multiplyHigh((Long) hash >>> 1, 2L * shards);
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof ByHash that && shards == that.shards;
        }

        @Override
        public int hashCode() {
            return shards;
        }
    }
}
