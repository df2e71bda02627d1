// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// A token that calls back into whoever moves it, as hooked tokens do. Ours does not, but no rule of the contracts may
/// rest on that: a twin of the escrow for another token must be as safe.
contract HookedToken {
    address public target;
    bytes public call;
    bytes4 public refused; // why the last call back failed

    function setTarget(address target_, bytes calldata call_) external {
        target = target_;
        call = call_;
    }

    function forget() external {
        refused = 0;
    }

    function callBack() internal {
        (bool done, bytes memory reason) = target.call(call);
        require(!done, "called back");
        refused = bytes4(reason);
    }

    function transfer(address, uint256) external returns (bool) {
        callBack();
        return true;
    }

    function transferFrom(address, address, uint256) external returns (bool) {
        callBack();
        return true;
    }

    function burn(uint256) external {
        callBack();
    }

    function permit(address, address, uint256, uint256, uint8, bytes32, bytes32) external {}

    function receiveWithAuthorization(address, address, uint256, uint256, uint256, bytes32, bytes calldata)
        external
    {
        callBack();
    }

    function receiveFrom(address, address, uint256, uint256, uint256, bytes32, bytes32, bytes32) external {
        callBack();
    }
}
