from tests.bridge.test_plumbing_login import *
from tests.bridge.conftest import *
def test_dbg(paired_site, sidecar):
    alice = paired_site.user("alice")
    password = application_password(paired_site, alice)
    me = "/?rest_route=/wp/v2/users/me"
    sidecar.answer("/bridge/v1/login", LOCKED)
    paired_site.mu_plugin("dbg", """
    add_action('application_password_failed_authentication', function ($e) { error_log('FAILED ' . $e->get_error_code() . ' rest=' . (defined('REST_REQUEST')?1:0) . (new Exception)->getTraceAsString()); });
    add_filter('rest_authentication_errors', function ($e) { error_log('RAE ' . var_export($e, true) . get_current_user_id()); return $e;}, 1);
    add_filter('rest_authentication_errors', function ($e) { error_log('RAE91 ' . var_export($e, true) . get_current_user_id()); return $e;}, 91);
    """)
    answer = paired_site.get(me, auth=("alice", password))
    print(answer.status_code, answer.text)
    print(paired_site.log())
    assert 0
