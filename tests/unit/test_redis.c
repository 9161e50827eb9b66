/* SPDX-License-Identifier: Apache-2.0 */
/* The fake Redis: semantics, expiry, modes, replication, scripts, snapshots. */
#include "tests/lib/redis_fixture.h"

static void strings_answer_as_redis_does(void **state)
{
    struct fixture *f = *state;
    EXPECT("set|a|1", "+OK");
    EXPECT("SET|a|2|NX", "nil");
    EXPECT("SET|a|2|XX|GET", "1");
    EXPECT("SET|n|2|XX", "nil");
    EXPECT("GET|a", "2");
    EXPECT("INCRBY|a|40", ":42");
    EXPECT("DECR|a", ":41");
    EXPECT("APPEND|a|x", ":3");
    EXPECT("INCR|a", "-ERR value is not an integer or out of range");
    EXPECT("MSET|b|1|c|2", "+OK");
    EXPECT("MGET|a|b|nope|c", "[41x 1 nil 2]");
    EXPECT("GETDEL|b", "1");
    EXPECT("EXISTS|a|b|c|c", ":3");
    EXPECT("STRLEN|a", ":3");
    EXPECT("TYPE|a", "+string");
    EXPECT("DEL|a|c|nope", ":2");
    EXPECT("DBSIZE", ":0");
    EXPECT("SET|a|1|EX|0", "-ERR invalid expire time in 'set' command");
    EXPECT("NOPE|x", "-ERR unknown command 'NOPE', with args beginning with: 'x' ");
    EXPECT("GET", "-ERR wrong number of arguments for 'get' command");
}

static void hashes_and_sets_keep_their_types(void **state)
{
    struct fixture *f = *state;
    EXPECT("HSET|h|a|1|b|2|a|3", ":2");
    EXPECT("HGETALL|h", "[a 3 b 2]");
    EXPECT("HMGET|h|b|x", "[2 nil]");
    EXPECT("GET|h", WRONGTYPE);
    EXPECT("SADD|h|x", WRONGTYPE);
    EXPECT("HDEL|h|a|b|c", ":2");
    EXPECT("EXISTS|h", ":0");
    EXPECT("SADD|s|x|y|x", ":2");
    EXPECT("SMEMBERS|s", "[x y]");
    EXPECT("SISMEMBER|s|y", ":1");
    EXPECT("SREM|s|x", ":1");
    EXPECT("SCARD|s", ":1");
    EXPECT("SET|s|plain", "+OK");
    EXPECT("DBSIZE", ":1");
    EXPECT("KEYS|*", "[s]");
}

static void a_key_is_there_in_its_last_millisecond_and_gone_in_the_next(void **state)
{
    struct fixture *f = *state;
    EXPECT("SET|a|1|PX|100", "+OK");
    EXPECT_STREAM("[SET a 1 PXAT 1100]");
    assert_int_equal(muster_redis_next_expiry(f->redis), 1101);
    f->now = 1100;
    EXPECT("PTTL|a", ":0");
    f->now = 1101;
    EXPECT("GET|a", "nil");
    EXPECT_STREAM("[DEL a]");
    assert_true(muster_redis_next_expiry(f->redis) == UINT64_MAX);
}

static void a_sweep_removes_what_has_expired_and_says_so(void **state)
{
    struct fixture *f = *state;
    EXPECT("SET|a|1|PX|5", "+OK");
    EXPECT("SET|b|1|PX|6", "+OK");
    EXPECT("SET|c|1", "+OK");
    assert_int_equal(muster_redis_sweep(f->redis, 1005, 10, &f->out.stream), 0);
    muster_flat_writer_init(&f->out.stream, f->stream, sizeof(f->stream));
    assert_int_equal(muster_redis_sweep(f->redis, 2000, 1, &f->out.stream), 1);
    assert_int_equal(muster_redis_sweep(f->redis, 2000, 10, &f->out.stream), 1);
    EXPECT_STREAM("[DEL a] [DEL b]");
    EXPECT("DBSIZE", ":1");
}

static void a_replica_hides_expired_keys_but_waits_for_the_del(void **state)
{
    struct fixture *f = *state;
    EXPECT("SET|a|1|PX|5", "+OK");
    muster_redis_set_mode(f->redis, MUSTER_REDIS_REPLICA);
    f->now = 5000;
    EXPECT("GET|a", "nil");
    EXPECT_STREAM("");
    EXPECT("DBSIZE", ":1");
    EXPECT("SET|a|2", "-READONLY You can't write against a read only replica.");
    muster_redis_apply(f->redis, f->now, flatten(f, "DEL|a"));
    EXPECT("DBSIZE", ":0");
}

static void a_replica_that_applies_the_stream_has_the_same_digest(void **state)
{
    struct fixture *f = *state;
    static const char *const lines[] = {
        "SET|a|1|EX|10",
        "INCR|n",
        "HSET|h|x|1|y|2",
        "SADD|s|1|2|3",
        "SREM|s|2",
        "APPEND|a|zz",
        "EVAL|redis.call('set',KEYS[1],'v','px',50) redis.call('incr','n') return 1|1|k",
        "GETDEL|k",
        "EXPIRE|h|7",
        "PERSIST|a",
        "MSET|p|1|q|2",
        "DEL|p|nope",
        "SETNX|z|1",
        "GETSET|z|2",
        "SET|z|3|KEEPTTL",
        "EXPIRE|z|-1",
    };
    struct muster_redis *replica = muster_redis_create(&f->arena, &f->limits, NULL);
    assert_non_null(replica);
    muster_redis_set_mode(replica, MUSTER_REDIS_REPLICA);
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        (void)ask(f, lines[i]);
        struct muster_flat_reader r;
        muster_flat_reader_init(&r, muster_flat_written(&f->out.stream));
        while (r.left.size) {
            struct muster_bytes entry = r.left;
            assert_int_equal(muster_flat_skip(&r), 0);
            entry.size -= r.left.size;
            muster_redis_apply(replica, f->now, entry);
        }
    }
    uint64_t digest = muster_keyspace_digest(muster_redis_keyspace(f->redis), 0);
    assert_true(muster_keyspace_digest(muster_redis_keyspace(replica), 0) == digest);
    EXPECT("SET|a|other", "+OK");
    assert_true(muster_keyspace_digest(muster_redis_keyspace(f->redis), 0) != digest);
}

static void a_restart_keeps_only_the_image(void **state)
{
    struct fixture *f = *state;
    struct muster_keyspace *dump = muster_keyspace_create(&f->arena, &f->limits);
    EXPECT("SET|a|1", "+OK");
    muster_keyspace_copy(dump, muster_redis_keyspace(f->redis));
    EXPECT("SET|a|2", "+OK");
    EXPECT("SCRIPT|LOAD|return 1", "e0e1f9fabfc9d4800c877a703b823ac0578ff8db");
    EXPECT("EVALSHA|e0e1f9fabfc9d4800c877a703b823ac0578ff8db|0", ":1");
    muster_redis_restart(f->redis, dump);
    EXPECT("GET|a", "1");
    EXPECT("EVALSHA|e0e1f9fabfc9d4800c877a703b823ac0578ff8db|0",
           "-NOSCRIPT No matching script. Please use EVAL.");
    muster_redis_restart(f->redis, NULL);
    EXPECT("GET|a", "nil");
}

static void a_transaction_fails_when_a_watched_key_changed_or_expired(void **state)
{
    struct fixture *f = *state;
    EXPECT("SET|a|1|PX|50", "+OK");
    EXPECT("WATCH|a", "+OK");
    EXPECT("MULTI", "+OK");
    EXPECT("INCR|n", "+QUEUED");
    assert_string_equal(ask_as(f, 1, "GET|n"), "nil");
    EXPECT("EXEC", "[:1]");
    EXPECT("WATCH|a", "+OK");
    EXPECT("MULTI", "+OK");
    assert_string_equal(ask_as(f, 1, "SET|a|2|KEEPTTL"), "+OK");
    EXPECT("EXEC", "nil");
    EXPECT("WATCH|a", "+OK");
    EXPECT("MULTI", "+OK");
    f->now += 100;
    EXPECT("EXEC", "nil");
    EXPECT("MULTI", "+OK");
    EXPECT("GET", "-ERR wrong number of arguments for 'get' command");
    EXPECT("EXEC", "-EXECABORT Transaction discarded because of previous errors.");
    EXPECT("EXEC", "-ERR EXEC without MULTI");
}

static void messages_go_to_subscribers_until_they_are_forgotten(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(ask_as(f, 1, "SUBSCRIBE|x|y"), "[subscribe x :1]");
    EXPECT_PUSHES(":1 [subscribe y :2]");
    assert_string_equal(ask_as(f, 2, "SUBSCRIBE|x"), "[subscribe x :1]");
    EXPECT("PUBLISH|x|hi", ":2");
    EXPECT_PUSHES(":1 [message x hi] :2 [message x hi]");
    assert_string_equal(ask_as(f, 1, "PING"), "[pong ]");
    muster_redis_forget(f->redis, 1);
    EXPECT("PUBLISH|x|hi", ":1");
    assert_string_equal(ask_as(f, 2, "UNSUBSCRIBE"), "[unsubscribe x :0]");
    EXPECT("PUBLISH|x|hi", ":0");
}

static void every_mode_answers_with_redis_own_words(void **state)
{
    struct fixture *f = *state;
    static const struct {
        enum muster_redis_mode mode;
        const char *line, *starts;
    } table[] = {
        {MUSTER_REDIS_REPLICA, "SET|a|1", "-READONLY You can't write against a read only replica."},
        {MUSTER_REDIS_LOADING, "GET|a", "-LOADING Redis is loading the dataset in memory"},
        {MUSTER_REDIS_LOADING, "PING", "-LOADING Redis is loading the dataset in memory"},
        {MUSTER_REDIS_MASTERDOWN, "GET|a", "-MASTERDOWN Link with MASTER is down and "},
        {MUSTER_REDIS_MISCONF, "SET|a|1", "-MISCONF Redis is configured to save RDB snapshots, "},
        {MUSTER_REDIS_MISCONF, "GET|a", "nil"},
        {MUSTER_REDIS_OOM, "SET|a|1", OOM},
        {MUSTER_REDIS_OOM, "DEL|a", ":0"},
        {MUSTER_REDIS_BUSY, "GET|a",
         "-BUSY Redis is busy running a script. You can only call SCRIPT "},
        {MUSTER_REDIS_BUSY, "SCRIPT|KILL", "+OK"},
        {MUSTER_REDIS_UNKILLABLE, "SCRIPT|KILL",
         "-UNKILLABLE Sorry the script already executed write"},
        {MUSTER_REDIS_NOREPLICAS, "SET|a|1", "-NOREPLICAS Not enough good replicas to write."},
        {MUSTER_REDIS_NOAUTH, "GET|a", "-NOAUTH Authentication required."},
        {MUSTER_REDIS_NOAUTH, "AUTH|x", "-WRONGPASS invalid username-password pair or user is "},
        {MUSTER_REDIS_NOPERM, "GET|a",
         "-NOPERM this user has no permissions to run the 'get' command"},
        {MUSTER_REDIS_MOVED, "GET|a", "-MOVED 0 127.0.0.1:6380"},
        {MUSTER_REDIS_ASK, "EVAL|return 1|1|a", "-ASK 0 127.0.0.1:6380"},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        muster_redis_set_mode(f->redis, table[i].mode);
        (void)ask(f, table[i].line);
        f->text[strlen(table[i].starts)] = '\0';
        assert_string_equal(f->text, table[i].starts);
    }
    muster_redis_set_mode(f->redis, MUSTER_REDIS_REPLICA);
    EXPECT("EVAL|return redis.call('set','a','b')|0",
           "-READONLY You can't write against a read only replica. script: "
           "ff967d0ae0e68b4f9e360fa91c54598bc25ad9b6, on @user_script:1.");
}

static void a_full_keyspace_refuses_and_recovers(void **state)
{
    struct fixture *f = *state;
    char line[64];
    int stored = 0;
    for (int i = 0; i < 300; i++) {
        (void)snprintf(line, sizeof(line), "SET|key%d|v", i);
        stored += strcmp(ask(f, line), "+OK") == 0;
    }
    assert_int_equal(stored, 256);
    EXPECT("SET|more|v", OOM);
    EXPECT("HSET|more|a|b", OOM);
    EXPECT("SET|key7|longer than it was, so that the record has to move", "+OK");
    EXPECT("DEL|key3", ":1");
    EXPECT("SADD|more|a", OOM);
    EXPECT("SET|more|v", "+OK");
    EXPECT("FLUSHALL", "+OK");
    char big[9000] = "SET|big|";
    memset(big + 8, 'x', 8000);
    EXPECT(big, "+OK");
    memcpy(big, "SET|bog|", 8);
    EXPECT(big, "+OK");
    memcpy(big, "SET|bug|", 8);
    EXPECT(big, OOM);
    EXPECT("DEL|big", ":1");
    EXPECT(big, "+OK");
    EXPECT("STRLEN|bog", ":8000");
}

static void a_reply_that_does_not_fit_is_an_error(void **state)
{
    struct fixture *f = *state;
    EXPECT("SET|a|0123456789012345678901234567890123456789", "+OK");
    muster_flat_writer_init(&f->out.reply, f->reply, 60);
    muster_redis_execute(f->redis, f->now, 0, flatten(f, "MGET|a|a|a"), &f->out);
    assert_string_equal(render_all(f, &f->out.reply), "-ERR reply exceeds the output buffer");
}

static void scripts_convert_values_as_redis_does(void **state)
{
    struct fixture *f = *state;
    EXPECT("EVAL|return {1,2.9,'x',false,true,{ok='k'},{err='e f'},nil,9}|0",
           "[:1 :2 x nil :1 +k -e f]");
    EXPECT("EVAL|return {KEYS[1],ARGV[1],#ARGV}|1|k|v|w", "[k v :2]");
    EXPECT("EVAL|return redis.call('set',KEYS[1],ARGV[1])|1|k|v", "+OK");
    EXPECT_STREAM("[SET k v]");
    EXPECT("EVAL|return {redis.call('get','k'), redis.call('get','nope')}|0", "[v nil]");
    EXPECT("EVAL|return redis.pcall('hget','k','f')|0", WRONGTYPE);
    EXPECT("EVAL|return redis.error_reply('BAD')|0", "-ERR BAD");
    EXPECT("EVAL|return redis.sha1hex('a')|0", "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8");
    EXPECT("EVAL|return x|0",
           "-ERR user_script:1: Script attempted to access nonexistent global variable 'x' script: "
           "03c387736bb5cc009ff35151572cee04677aa374, on @user_script:1.");
    EXPECT("EVAL|string.foo=1|0", "-ERR user_script:1: Attempt to modify a readonly table script: "
                                  "430e58f82d10fb9c20c167012c39650705856070, on @user_script:1.");
    EXPECT("EVAL|syntax error here|0",
           "-ERR Error compiling script (new function): user_script:1: '=' "
           "expected near 'error'");
    EXPECT("EVAL|return os.clock()*1000|0", ":1000");
    EXPECT("EVAL|return {math.random(1000), math.random(1000)}|0",
           ask(f, "EVAL|return {math.random(1000)"
                  ", math.random(1000)}|0"));
    EXPECT("EVAL|return tostring({})|0", "table: 0");
}

static void a_script_that_never_ends_is_ended(void **state)
{
    struct fixture *f = *state;
    (void)ask(f, "EVAL|while true do pcall(function() while true do end end) end|0");
    assert_non_null(strstr(f->text, "Script killed by user with SCRIPT KILL..."));
    EXPECT("EVAL|return 1|0", ":1");
}

static void a_script_that_takes_all_memory_is_an_error_and_the_state_lives_on(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 20; i++) {
        EXPECT("EVAL|local t={} for i=1,1e9 do t[i]='x'..i end|0", "-ERR not enough memory");
        (void)ask(f, "EVAL|return string.rep('x',1e8)|0");
        assert_int_equal(f->text[0], '-');
    }
    EXPECT("EVAL|return 1|0", ":1");
}

static void more_scripts_than_slots_push_the_oldest_out(void **state)
{
    struct fixture *f = *state;
    char line[64];
    for (int i = 0; i < 5000; i++) {
        (void)snprintf(line, sizeof(line), "EVAL|return %d|0", i);
        assert_int_equal(ask(f, line)[0], ':');
    }
    EXPECT("SCRIPT|EXISTS|e0e1f9fabfc9d4800c877a703b823ac0578ff8db", "[:0]");
}

static const char renew[] =
    "EVAL|if redis.call('get',KEYS[1]) == ARGV[1] then "
    "redis.call('set',KEYS[1],ARGV[2],'px',ARGV[3]) return redis.call('incr','n') end "
    "return 0|1|k|";

/* Run on from wherever the world stands; the digest of all replies. */
static uint64_t run_on(struct fixture *f)
{
    char line[400];
    uint64_t sum = 0;
    for (int i = 0; i < 300; i++) {
        (void)snprintf(line, sizeof(line), "%sv%d|v%d|1000", renew, i, i + 1);
        for (const char *c = ask(f, line); *c; c++)
            sum = sum * 31 + (uint8_t)*c;
        sum += muster_keyspace_digest(muster_redis_keyspace(f->redis), f->now);
    }
    return sum;
}

static void a_snapshot_is_a_copy_and_runs_on(void **state)
{
    struct fixture *f = *state;
    static uint8_t copy[2 << 20];
    char line[400];
    EXPECT("SET|k|v0", "+OK");
    (void)snprintf(line, sizeof(line), "%sv0|v0|100", renew);
    EXPECT(line, ":1");
    memcpy(copy, f->arena.base, f->arena.used);
    uint64_t first = run_on(f);
    EXPECT("FLUSHALL", "+OK");
    EXPECT("SCRIPT|FLUSH", "+OK");
    (void)ask(f, "EVAL|local t={} for i=1,1e9 do t[i]='x'..i end|0");
    memcpy(f->arena.base, copy, f->arena.used);
    assert_true(run_on(f) == first);
}

static void two_worlds_give_the_same_bytes_whatever_the_memory_held(void **state)
{
    struct fixture *f = *state;
    EXPECT("SET|k|v0", "+OK");
    uint64_t first = run_on(f);
    muster_arena_reset(&f->arena, 0xa5);
    f->redis = muster_redis_create(&f->arena, &f->limits, muster_lua_create(&f->arena, 256 << 10));
    EXPECT("SET|k|v0", "+OK");
    assert_true(run_on(f) == first);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(strings_answer_as_redis_does),
        TEST(hashes_and_sets_keep_their_types),
        TEST(a_key_is_there_in_its_last_millisecond_and_gone_in_the_next),
        TEST(a_sweep_removes_what_has_expired_and_says_so),
        TEST(a_replica_hides_expired_keys_but_waits_for_the_del),
        TEST(a_replica_that_applies_the_stream_has_the_same_digest),
        TEST(a_restart_keeps_only_the_image),
        TEST(a_transaction_fails_when_a_watched_key_changed_or_expired),
        TEST(messages_go_to_subscribers_until_they_are_forgotten),
        TEST(every_mode_answers_with_redis_own_words),
        TEST(a_full_keyspace_refuses_and_recovers),
        TEST(a_reply_that_does_not_fit_is_an_error),
        TEST(scripts_convert_values_as_redis_does),
        TEST(a_script_that_never_ends_is_ended),
        TEST(a_script_that_takes_all_memory_is_an_error_and_the_state_lives_on),
        TEST(more_scripts_than_slots_push_the_oldest_out),
        TEST(a_snapshot_is_a_copy_and_runs_on),
        TEST(two_worlds_give_the_same_bytes_whatever_the_memory_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
