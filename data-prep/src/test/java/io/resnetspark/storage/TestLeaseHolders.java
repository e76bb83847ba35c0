package io.resnetspark.storage;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TestLeaseHolders {
    /** Processes of other versions read these records. */
    @Test
    void jsonFieldsOfAHolderAreThoseOfTheFileFormat() throws Exception {
        LeaseHolders.Holder holder = new LeaseHolders.Holder("me@here", "now", 30, "0a1b2c3d");
        String json = "{\"who\":\"me@here\",\"since\":\"now\",\"seconds\":30,\"word\":\"0a1b2c3d\"}";

        assertThat(Json.COMPACT.writeValueAsString(holder)).isEqualTo(json);
        assertThat(Json.COMPACT.readValue(json, LeaseHolders.Holder.class)).isEqualTo(holder);
    }
}
