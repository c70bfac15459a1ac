// What is wrong with the certificate that a server has shown. libpq says only that it did not believe it; on call one
// wants to know whether it has expired or whether the authority is another. For libpq_sql.cpp.
#pragma once

#include <string>

namespace rollout::effects {

/// Whether the peer of `ssl` (an SSL of OpenSSL, or null) has shown its certificate: a handshake takes several turns.
bool has_shown_certificate(void* ssl);

/// `ssl`: an SSL of OpenSSL that has shaken hands and verified nothing. `authorities`: the file to judge by. Empty:
/// nothing is wrong with it but perhaps its name, or it could not be found out.
std::string why_not_believed(void* ssl, const std::string& authorities);

}  // namespace rollout::effects
